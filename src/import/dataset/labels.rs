//! Labels as text: whole numbers are class indices, words are names of classes.

use super::{Labels, label};
use crate::import::ImportError;
use crate::import::error::shown;
use std::collections::HashMap;

/// No data set may tell more classes apart than this.
const MAX_CLASSES: usize = 1 << 16;

/// Labels under construction; the first decides whether all are numbers or all are names.
#[derive(Default)]
pub(super) struct LabelList {
    /// Class indices, or indices into `names`.
    values: Vec<usize>,
    /// Names in the order of their first appearance.
    names: HashMap<String, usize>,
}

impl LabelList {
    /// Adds the label of the next sample.
    ///
    /// # Errors
    /// A sentence if it is empty, no class index, or unlike those before it.
    pub(super) fn push(&mut self, text: &str) -> Result<(), ImportError> {
        let problem = |problem: String| Err(ImportError::Data(problem));
        let number: Option<f64> = text.parse().ok();
        let are_names = !self.names.is_empty();
        let value = match number {
            _ if text.is_empty() => {
                return problem("the label is missing; give every sample one".into());
            }
            Some(_) if are_names => {
                return problem(format!(
                    "the label '{}' is a number, but those before it are names; use one or the other",
                    shown(text)
                ));
            }
            Some(number) => label(number)?,
            None if !are_names && !self.values.is_empty() => {
                return problem(format!(
                    "the label '{}' is a name, but those before it are numbers; use one or the other",
                    shown(text)
                ));
            }
            None => match self.names.get(text) {
                Some(&index) => index,
                None if self.names.len() == MAX_CLASSES => {
                    return problem(format!(
                        "there are more than {MAX_CLASSES} different labels; is this the column of labels?"
                    ));
                }
                None => {
                    let index = self.names.len();
                    self.names.insert(text.into(), index);
                    index
                }
            },
        };
        self.values.push(value);
        Ok(())
    }

    /// The labels; classes with names are counted in alphabetic order.
    pub(super) fn finish(self) -> Labels {
        let mut names: Vec<(String, usize)> = self.names.into_iter().collect();
        names.sort_unstable();
        if names.is_empty() {
            return Labels {
                classes: self.values,
                class_names: Vec::new(),
            };
        }
        let mut ranks = vec![0; names.len()];
        for (rank, &(_, index)) in names.iter().enumerate() {
            ranks[index] = rank;
        }
        Labels {
            classes: self.values.into_iter().map(|index| ranks[index]).collect(),
            class_names: names.into_iter().map(|(name, _)| name).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Result<Labels, ImportError> {
        let mut list = LabelList::default();
        texts.iter().try_for_each(|text| list.push(text))?;
        Ok(list.finish())
    }

    #[test]
    fn numbers_are_class_indices_and_words_are_counted_alphabetically() {
        assert_eq!(labels(&["3", "0", "3.0"]).unwrap().classes, [3, 0, 3]);
        let named = labels(&["cat", "ant", "cat"]).unwrap();
        assert_eq!(
            (&named.classes[..], named.class_names),
            (&[1, 0, 1][..], vec!["ant".into(), "cat".into()])
        );
    }

    #[test]
    fn what_is_no_class_is_refused() {
        for texts in [
            &["0.5"][..],
            &["-1"],
            &["nan"],
            &["inf"],
            &[""],
            &["1", "cat"],
            &["cat", "1"],
        ] {
            assert!(labels(texts).is_err(), "{texts:?}");
        }
        let many: Vec<String> = (0..=MAX_CLASSES).map(|i| format!("c{i}")).collect();
        assert!(labels(&many.iter().map(String::as_str).collect::<Vec<_>>()).is_err());
    }
}
