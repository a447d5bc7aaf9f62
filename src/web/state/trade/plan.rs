//! What is swept and how it is looked at: the part of it that an address holds.

use super::Figure;
use crate::explore::Axis;
use crate::web::link::Part;

/// What is swept and how it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Two axes, perhaps a third; none for what is worth a look for the model.
    pub chosen: Vec<Axis>,
    /// The value of the third axis that the heatmap shows, by its place among them.
    pub slice: usize,
    /// Samples of each point; `None` for all.
    pub samples: Option<usize>,
    /// What the heatmap's colours tell.
    pub colour: Figure,
    /// What the front weighs quality against.
    pub cost: Figure,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            chosen: Vec::new(),
            slice: 0,
            samples: None,
            colour: Figure::Quality,
            cost: Figure::Memory,
        }
    }
}

/// The keys of an address, before those of [`COLOUR`] and the others.
const AXES: [&str; 3] = ["x-axis", "y-axis", "z-axis"];
const COLOUR: &str = "colour";
const COST: &str = "against";
const SAMPLES: &str = "sweep-samples";

impl Plan {
    /// The axes, two at least.
    pub fn axes(&self, is_float: bool) -> Vec<Axis> {
        if self.chosen.len() >= 2 {
            return self.chosen.clone();
        }
        let texts = if is_float {
            ["weight-bits=2..8", "activation-bits=2..8"]
        } else {
            ["register-bits=8..20..2", "scaling=off,calibrated,guaranteed"]
        };
        texts.iter().filter_map(|text| Axis::parse(text).ok()).collect()
    }

    /// Whether costs on the chip are to be found out for every point.
    pub fn wants_cost(&self) -> bool {
        [self.colour, self.cost].iter().any(|figure| figure.is_of_chip())
    }

    /// Takes a pair of an address.
    ///
    /// # Errors
    /// One sentence that says what is wrong; nothing is changed.
    pub fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let figure = || {
            let known = || Figure::ALL.map(Figure::key).join(", ");
            Figure::from_key(value)
                .ok_or_else(|| format!("'{value}' is nothing that {key} can tell; it takes {}", known()))
        };
        match key {
            COLOUR => self.colour = figure()?,
            COST => self.cost = figure()?,
            SAMPLES => {
                let wrong =
                    || format!("'{value}' is not a number of samples; {key} takes a whole number from 1");
                self.samples = Some(
                    value
                        .parse()
                        .ok()
                        .filter(|&samples| samples > 0)
                        .ok_or_else(wrong)?,
                );
            }
            _ => {
                let axis = Axis::parse(&value.replacen(':', "=", 1)).map_err(|error| error.to_string())?;
                self.chosen.push(axis);
            }
        }
        Ok(())
    }

    /// The pairs of an address; none for what the view opens with.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let axes = self.chosen.iter().zip(AXES);
        let axes = axes.map(|(axis, key)| (key, axis.to_string().replacen('=', ":", 1)));
        let default = Self::default();
        let figure = |key, figure: Figure, usual| (figure != usual).then(|| (key, figure.key().to_owned()));
        axes.chain(figure(COLOUR, self.colour, default.colour))
            .chain(figure(COST, self.cost, default.cost))
            .chain(self.samples.map(|samples| (SAMPLES, samples.to_string())))
            .collect()
    }
}

/// A plan in the address.
pub const PLAN_PART: Part = Part {
    keys: &["x-axis", "y-axis", "z-axis", COLOUR, COST, SAMPLES],
    write: |state| state.trade.plan.to_pairs(),
    read: |state, pairs| {
        let mut plan = Plan::default();
        let said = PLAN_PART
            .keys
            .iter()
            .filter_map(|key| Some((key, pairs.get(key)?)));
        let wrong: Vec<String> = said
            .filter_map(|(key, value)| plan.take(key, value).err())
            .collect();
        state.trade.plan = plan;
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join(". "))
        }
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_brings_a_plan_back() {
        let pairs = [
            ("x-axis", "register-bits:8..16..4"),
            ("y-axis", "rounding:floor,half-even"),
            ("colour", "codes"),
            ("against", "spikes"),
            ("sweep-samples", "200"),
        ];
        let mut plan = Plan::default();
        for (key, value) in pairs {
            assert!(PLAN_PART.keys.contains(&key));
            plan.take(key, value).expect(value);
        }
        let written = plan.to_pairs();
        let written: Vec<(&str, &str)> = written
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        assert_eq!(written, pairs);
        assert_eq!(Plan::default().to_pairs(), []);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_and_nothing_is_changed() {
        let mut plan = Plan::default();
        for (key, value, problem) in [
            ("colour", "red", "it takes quality"),
            ("x-axis", "register-bits:99", "is not a value"),
            ("x-axis", "chip:loihi", "doesn't change what is computed"),
            ("sweep-samples", "0", "whole number from 1"),
        ] {
            let error = plan.take(key, value).expect_err(value);
            assert!(error.contains(problem), "{error}");
        }
        assert_eq!(plan, Plan::default());
    }
}
