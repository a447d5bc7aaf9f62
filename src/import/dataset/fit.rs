//! Whether an array holds samples of a given shape.

/// How many samples of shape `input` an array of shape `array` holds: it may be a single one without the first
/// axis, axes of extent 1 may be left out or added, and where either is flat the other need not be.
/// `None` if it does not fit.
///
/// # Examples
/// ```
/// use sdann::import::dataset::count_samples;
///
/// assert_eq!(count_samples(&[5, 28, 28], &[1, 28, 28]), Some(5));
/// assert_eq!(count_samples(&[28, 28], &[1, 28, 28]), Some(1));
/// assert_eq!(count_samples(&[5, 14, 56], &[1, 28, 28]), None);
/// ```
pub fn count_samples(array: &[usize], input: &[usize]) -> Option<usize> {
    let len = input.iter().product::<usize>();
    let is_flat = |shape: &[usize]| *shape == [len];
    let is_same = |shape: &[usize]| without_ones(shape).eq(without_ones(input));
    match array {
        [count, sample @ ..] if is_same(sample) || is_flat(sample) => Some(*count),
        [count, sample @ ..] if is_flat(input) && product(sample) == Some(len) => Some(*count),
        _ if is_same(array) || is_flat(array) => Some(1),
        _ => None,
    }
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, &extent| n.checked_mul(extent))
}

fn without_ones(shape: &[usize]) -> impl Iterator<Item = &usize> {
    shape.iter().filter(|&&extent| extent != 1)
}

#[cfg(test)]
mod tests {
    use super::count_samples as samples;

    #[test]
    fn the_first_axis_counts_samples_and_ones_may_be_left_out() {
        let image: &[usize] = &[1, 28, 28];
        assert_eq!(samples(&[5, 1, 28, 28], image), Some(5));
        assert_eq!(samples(&[5, 28, 28], image), Some(5));
        assert_eq!(samples(&[5, 28, 28, 1], image), Some(5));
        assert_eq!(samples(&[5, 784], image), Some(5));
        assert_eq!(samples(&[0, 1, 28, 28], image), Some(0));
        assert_eq!(samples(&[1, 28, 28], image), Some(1));
        assert_eq!(samples(&[28, 28], image), Some(1));
        assert_eq!(samples(&[784], image), Some(1));
    }

    #[test]
    fn other_orders_and_sizes_do_not_fit() {
        let image: &[usize] = &[3, 8, 6];
        assert_eq!(samples(&[5, 8, 6, 3], image), None);
        assert_eq!(samples(&[5, 3, 6, 8], image), None);
        assert_eq!(samples(&[5, 3, 8], image), None);
        assert_eq!(samples(&[], image), None);
        assert_eq!(samples(&[0], image), None);
    }

    #[test]
    fn a_flat_input_takes_images_in_reading_order() {
        assert_eq!(samples(&[5, 8, 8], &[64]), Some(5));
        assert_eq!(samples(&[5, 1, 8, 8], &[64]), Some(5));
        // Four samples of two numbers are not one sample of eight.
        assert_eq!(samples(&[4, 2], &[8]), None);
    }

    #[test]
    fn a_list_of_numbers_for_a_model_that_takes_one_is_a_list_of_samples() {
        assert_eq!(samples(&[5], &[1]), Some(5));
        assert_eq!(samples(&[5, 1], &[1]), Some(5));
        assert_eq!(samples(&[], &[1]), Some(1));
    }
}
