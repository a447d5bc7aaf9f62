//! Words of the engine's tables (settings, fields of a chip, limits, grades) in the language that is spoken. Their
//! English stands in the tables alone; `locales/tables.yml` holds what other languages say instead.

use super::format::{count, percent, significant, thousands};
use super::gallery::GalleryModel;
use crate::chip::spec::Field;
use crate::explore::ConversionReport;
use crate::explore::report::{Errors, Finding};
use crate::settings::Setting;
use rust_i18n::t;
use std::borrow::Cow;

type Text = Cow<'static, str>;

/// A name or a unit: `term.neurons-per-core` for `neurons per core`.
pub fn term(english: &'static str) -> Text {
    translated(&format!("term.{}", slug(english)), english)
}

/// What a setting does.
pub fn setting_help(setting: &Setting) -> Text {
    translated(&format!("setting.{}", setting.key), setting.help)
}

/// What a field of a chip means.
pub fn field_help(field: &Field) -> Text {
    translated(&format!("field.{}", field.key), field.help)
}

/// What a model of the gallery is called.
pub fn model_title(model: &GalleryModel) -> String {
    translated(&format!("gallery-model.{}.title", model.id), &model.title).into_owned()
}

/// A sentence about a model of the gallery.
pub fn model_about(model: &GalleryModel) -> String {
    translated(&format!("gallery-model.{}.about", model.id), &model.about).into_owned()
}

/// A finding without its advice, made of the same numbers as the engine's English sentence; `None` in English.
pub fn finding(finding: &Finding, report: &ConversionReport) -> Option<Text> {
    let key = format!("finding.{:?}", finding.kind);
    let language = &*rust_i18n::locale();
    crate::_rust_i18n_try_translate(language, &key)?;
    let layer = report.layers.get(finding.layer)?;
    let plan = &layer.plan;
    let share = |part: u64, whole: u64| percent(part as f64 / whole.max(1) as f64);
    let differing = |errors: &Errors| share(errors.different(), errors.codes);
    Some(t!(
        &*key,
        bits = plan.register_bits,
        guaranteed = plan.guaranteed_register,
        i_max = thousands(plan.i_max),
        calibrated = thousands(plan.calibrated_i_max),
        overflows = count(layer.overflows.max(layer.own_overflows)),
        own = differing(&layer.own),
        errors = differing(&layer.errors),
        shift = significant(layer.own_potential_error, 2),
        samples = count(report.samples as u64),
        neurons = count(layer.neurons as u64),
        silenced = count(layer.stuck.silenced as u64),
        driven = count(layer.stuck.driven_to_limit as u64),
        zero_spikes = share(layer.zero_point_spikes, layer.spikes)
    ))
}

/// The text of a key; English where the language has none.
fn translated<'a>(key: &str, english: &'a str) -> Cow<'a, str> {
    let language = &*rust_i18n::locale();
    crate::_rust_i18n_try_translate(language, key).unwrap_or(Cow::Borrowed(english))
}

/// Letters and digits in lower case, `-` between words.
fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Limit;
    use crate::chip::energy::EnergyKind;
    use crate::chip::noc::Missing;
    use crate::chip::spec::{self, FIELDS, FieldSection, Grade};
    use crate::settings::{Kind, SETTINGS, Section};

    /// All that the page shows of the engine's tables and that has no equal in every language, such as a chip's name.
    fn terms() -> Vec<&'static str> {
        let mut terms: Vec<&str> = Section::ALL.iter().map(|section| section.title()).collect();
        terms.extend(FieldSection::ALL.iter().map(|section| section.title()));
        terms.extend(Grade::ALL.iter().map(|grade| grade.label()));
        terms.extend(Limit::ALL.iter().map(|limit| limit.label()));
        use EnergyKind as E;
        let kinds = [
            E::SynapticOperation,
            E::UpdateActive,
            E::UpdateInactive,
            E::Update,
            E::Spike,
            E::Packet,
            E::PacketIn,
            E::Tile,
            E::HopEastWest,
            E::HopNorthSouth,
            E::HopTree,
            E::Static,
            E::Core,
        ];
        terms.extend(kinds.map(E::label));
        let missing = [
            Missing::Hop,
            Missing::SynapticOperation,
            Missing::Update,
            Missing::Barrier,
        ];
        terms.extend(missing.map(Missing::label));
        for setting in SETTINGS {
            terms.push(setting.label);
            match &setting.kind {
                Kind::Integer { unit, .. } => terms.push(unit),
                Kind::Choice(choices) if setting.key != "chip" => {
                    terms.extend(choices.iter().map(|choice| choice.label));
                }
                Kind::Choice(_) | Kind::Switch => {}
            }
        }
        for field in FIELDS {
            terms.push(field.label);
            if !["pJ", "ns", "W", "MHz"].contains(&field.unit) {
                terms.push(field.unit);
            }
            if let spec::Kind::Choice(choices) = &field.kind {
                terms.extend(choices.iter().map(|choice| choice.label));
            }
        }
        terms.retain(|term| !term.is_empty());
        terms
    }

    #[test]
    fn every_word_of_the_tables_is_known_in_chinese() {
        let known = |key: String| crate::_rust_i18n_try_translate("zh", &key).is_some();
        let unknown = |key: &String| !known(key.clone());
        let terms = terms().into_iter().map(|term| format!("term.{}", slug(term)));
        let settings = SETTINGS.iter().map(|setting| format!("setting.{}", setting.key));
        let fields = FIELDS.iter().map(|field| format!("field.{}", field.key));
        let missing: Vec<String> = terms.chain(settings).chain(fields).filter(unknown).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn english_comes_from_the_table() {
        assert_eq!(term("neurons per core"), "neurons per core");
        assert_eq!(slug("Fan-in × weight bits"), "fan-in-weight-bits");
        assert_eq!(slug("Form of M₀"), "form-of-m₀");
    }
}
