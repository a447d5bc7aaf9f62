//! Trade-offs: what nothing else beats in every respect.

/// Which points of `points` are on the Pareto front: no other is at least as good in every coordinate and
/// better in one. Smaller is better; give the negative of what should be large. NaN is worse than any number.
pub fn pareto_front<const N: usize>(points: &[[f64; N]]) -> Vec<bool> {
    let key = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
    let dominates = |a: &[f64; N], b: &[f64; N]| {
        let pairs = || a.iter().zip(b).map(|(&a, &b)| (key(a), key(b)));
        pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
    };
    let is_beaten = |point| points.iter().any(|other| dominates(other, point));
    points.iter().map(|point| !is_beaten(point)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_worse_in_one_respect_and_better_in_none_is_not_on_the_front() {
        let points = [
            [1.0, 3.0],
            [2.0, 2.0],
            [2.0, 3.0],
            [3.0, 1.0],
            [2.0, 2.0],
            [f64::NAN, 0.0],
        ];
        assert_eq!(pareto_front(&points), [true, true, false, true, true, true]);
        assert!(pareto_front::<2>(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn every_point_off_the_front_is_beaten_by_one_on_it_and_none_on_it_is_beaten(
            points in prop::collection::vec((0i8..6, 0i8..6, 0i8..6), 1..40),
        ) {
            let points: Vec<[f64; 3]> = points.iter().map(|&(a, b, c)| [a, b, c].map(f64::from)).collect();
            let front = pareto_front(&points);
            let beats = |a: &[f64; 3], b: &[f64; 3]| a != b && a.iter().zip(b).all(|(a, b)| a <= b);
            prop_assert!(front.contains(&true));
            for (index, point) in points.iter().enumerate() {
                let mut on_front = points.iter().zip(&front).filter(|(_, is_on)| **is_on);
                let is_beaten = on_front.any(|(other, _)| beats(other, point));
                prop_assert_eq!(is_beaten, !front[index], "{:?}", point);
            }
        }

        #[test]
        fn the_front_does_not_depend_on_the_order(
            points in prop::collection::vec((0i8..6, 0i8..6), 1..20), turn in any::<prop::sample::Index>(),
        ) {
            let points: Vec<[f64; 2]> = points.iter().map(|&(a, b)| [a, b].map(f64::from)).collect();
            let by = turn.index(points.len());
            let (mut turned, mut front) = (points.clone(), pareto_front(&points));
            turned.rotate_left(by);
            front.rotate_left(by);
            prop_assert_eq!(pareto_front(&turned), front);
        }
    }
}
