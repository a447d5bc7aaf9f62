//! Images with their channels last, as TensorFlow stores them, for networks that have them first.

/// How many images an array of this shape holds whose channels stand last, for an input (channels, height, width); one
/// without an axis of samples. `None` if it holds no such images, or if they may as well stand as `input` says.
pub fn count_channels_last(array: &[usize], input: &[usize]) -> Option<usize> {
    let &[channels, height, width] = input else {
        return None;
    };
    let is_turned = |sample: &[usize]| sample != input && *sample == [height, width, channels];
    match array {
        [count, sample @ ..] if is_turned(sample) => Some(*count),
        sample if is_turned(sample) => Some(1),
        _ => None,
    }
}

/// The values of one or more samples with their channels last, in the order of `input` (channels, height, width).
pub fn channels_first<T: Copy>(values: &[T], input: &[usize]) -> Vec<T> {
    let &[channels, height, width] = input else {
        return values.to_vec();
    };
    let positions = height * width;
    let mut turned = Vec::with_capacity(values.len());
    for sample in values.chunks_exact((channels * positions).max(1)) {
        for channel in 0..channels {
            turned.extend((0..positions).map(|position| sample[position * channels + channel]));
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_that_stand_together_become_planes() {
        assert_eq!(count_channels_last(&[1, 2, 3], &[3, 1, 2]), Some(1));
        assert_eq!(count_channels_last(&[5, 1, 2, 3], &[3, 1, 2]), Some(5));
        assert_eq!(
            channels_first(&[1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], &[3, 1, 2]),
            [1, 4, 2, 5, 3, 6, 10, 40, 20, 50, 30, 60]
        );
    }

    #[test]
    fn what_may_stand_as_it_should_is_left_alone() {
        assert_eq!(count_channels_last(&[5, 3, 3, 3], &[3, 3, 3]), None);
        assert_eq!(count_channels_last(&[5, 2, 1, 3], &[3, 1, 2]), None);
        assert_eq!(count_channels_last(&[2, 6], &[3, 2, 2]), None);
        assert_eq!(channels_first(&[1, 2], &[2]), [1, 2]);
    }
}
