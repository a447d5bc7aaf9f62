//! Where the elements of a file's tensor stand in the graph's.

/// A tensor's extents without the batch, in the file and in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// As in the file.
    pub file: Vec<usize>,
}

impl Layout {
    /// Of a tensor with these extents in the file. A first extent of 1 is the batch.
    pub fn of(shape: &[usize]) -> Self {
        let file = match shape {
            [1, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        Self { file: file.to_vec() }
    }

    /// (Height, width, channels), if it is an image.
    fn image(&self) -> Option<[usize; 3]> {
        <[usize; 3]>::try_from(&self.file[..]).ok()
    }

    /// The graph's extents: channels first for images.
    pub fn graph(&self) -> Vec<usize> {
        match self.image() {
            Some([height, width, channels]) => vec![channels, height, width],
            None => self.file.clone(),
        }
    }

    /// The axis of the graph that is `axis` of the file, both without the batch.
    pub fn graph_axis(&self, axis: usize) -> usize {
        match self.image() {
            Some(_) => (axis + 1) % 3,
            None => axis,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.file.iter().product()
    }

    /// The place in the graph of an element of the file.
    pub fn to_graph(&self, element: usize) -> usize {
        match self.image() {
            Some([height, width, channels]) => element % channels * height * width + element / channels,
            None => element,
        }
    }

    /// The place in the file of an element of the graph.
    pub fn to_file(&self, element: usize) -> usize {
        match self.image() {
            Some([height, width, channels]) => {
                let plane = height * width;
                element % plane * channels + element / plane
            }
            None => element,
        }
    }

    /// The indices along each axis of an element of the file.
    pub fn indices(&self, element: usize) -> Vec<usize> {
        let mut rest = element;
        let mut indices = vec![0; self.file.len()];
        for (index, &extent) in indices.iter_mut().zip(&self.file).rev() {
            (*index, rest) = (rest % extent, rest / extent);
        }
        indices
    }

    /// The element of the file with these indices along each axis.
    pub fn element(&self, indices: impl IntoIterator<Item = usize>) -> usize {
        let extents = self.file.iter();
        extents
            .zip(indices)
            .fold(0, |element, (&extent, index)| element * extent + index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_their_channels_first_in_the_graph() {
        let layout = Layout::of(&[1, 2, 3, 4]);
        assert_eq!(layout.graph(), [4, 2, 3]);
        assert_eq!([0, 1, 2].map(|axis| layout.graph_axis(axis)), [1, 2, 0]);
        for element in 0..layout.len() {
            assert_eq!(layout.to_file(layout.to_graph(element)), element);
            assert_eq!(layout.element(layout.indices(element)), element);
        }
        // Row 1, column 2, channel 3.
        assert_eq!(layout.to_graph(23), 23);
        assert_eq!(layout.to_graph(1), 6);
    }

    #[test]
    fn what_is_no_image_stays_as_it_is() {
        assert_eq!(Layout::of(&[1, 5]).graph(), [5]);
        assert_eq!(Layout::of(&[1, 5, 6]).graph(), [5, 6]);
        assert_eq!(Layout::of(&[6, 5]).graph(), [6, 5]);
        assert_eq!(Layout::of(&[1]).graph(), [1]);
        assert!(Layout::of(&[]).graph().is_empty());
    }
}
