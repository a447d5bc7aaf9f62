//! Equations of the settings, from plain characters to MathML.
//!
//! `M_0 = (2^(n−1) − 1) / I_max`: `_` lowers and `^` raises what follows, a group in parentheses
//! without them; a letter is a variable, a number a number, everything else an operator. Words of two
//! letters or more that are not lowered are text.

use yew::prelude::*;

/// The equation.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// In plain characters.
    pub plain: AttrValue,
}

/// An equation in MathML.
#[component]
pub fn Equation(props: &Props) -> Html {
    html! { <math class="equation">{ row(&parse(&props.plain)) }</math> }
}

#[derive(Clone, Debug, PartialEq)]
enum Atom {
    Variable(String),
    Number(String),
    Operator(String),
    Text(String),
    Lowered(Box<Atom>, Vec<Atom>),
    Raised(Box<Atom>, Vec<Atom>),
}

fn row(atoms: &[Atom]) -> Html {
    html! { <mrow>{ for atoms.iter().map(element) }</mrow> }
}

fn element(atom: &Atom) -> Html {
    match atom {
        Atom::Variable(name) => html! { <mi>{ name }</mi> },
        Atom::Number(number) => html! { <mn>{ number }</mn> },
        Atom::Operator(sign) => html! { <mo>{ sign }</mo> },
        Atom::Text(words) => html! { <mtext>{ format!("\u{2003}{words}\u{2003}") }</mtext> },
        Atom::Lowered(base, index) => html! { <msub>{ element(base) }{ row(index) }</msub> },
        Atom::Raised(base, power) => html! { <msup>{ element(base) }{ row(power) }</msup> },
    }
}

fn parse(plain: &str) -> Vec<Atom> {
    let characters: Vec<char> = plain.chars().collect();
    atoms(&characters)
}

fn atoms(characters: &[char]) -> Vec<Atom> {
    let mut atoms: Vec<Atom> = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let character = characters[at];
        if matches!(character, '_' | '^') {
            let (script, end) = script(characters, at + 1);
            let base = Box::new(atoms.pop().unwrap_or(Atom::Text(String::new())));
            atoms.push(if character == '_' {
                Atom::Lowered(base, script)
            } else {
                Atom::Raised(base, script)
            });
            at = end;
        } else if character.is_whitespace() {
            at += 1;
        } else {
            let end = end_of_token(characters, at);
            atoms.push(token(&characters[at..end]));
            at = end;
        }
    }
    atoms
}

/// What `_` or `^` takes, and where it ends.
fn script(characters: &[char], at: usize) -> (Vec<Atom>, usize) {
    if characters.get(at) != Some(&'(') {
        let end = end_of_token(characters, at).min(characters.len());
        let word: String = characters[at.min(end)..end].iter().collect();
        let is_name = word.chars().all(char::is_alphabetic);
        let atom = if is_name {
            Atom::Variable(word)
        } else {
            token(&characters[at.min(end)..end])
        };
        return (vec![atom], end);
    }
    let mut depth = 0;
    for (index, character) in characters.iter().enumerate().skip(at) {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (atoms(&characters[at + 1..index]), index + 1);
        }
    }
    (atoms(&characters[at + 1..]), characters.len())
}

/// Hats and tildes that stand on the letter before.
fn is_accent(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

fn end_of_token(characters: &[char], at: usize) -> usize {
    let run = |is: fn(char) -> bool| characters[at..].iter().take_while(|c| is(**c)).count();
    let Some(&first) = characters.get(at) else {
        return at;
    };
    let length = if first.is_ascii_digit() {
        run(|c| c.is_ascii_digit() || c == '.')
    } else if first.is_alphabetic() {
        run(|c| c.is_alphabetic() || is_accent(c))
    } else {
        1
    };
    at + length
}

fn token(characters: &[char]) -> Atom {
    let text: String = characters.iter().collect();
    let letters = characters.iter().filter(|c| c.is_alphabetic()).count();
    match characters.first() {
        Some(first) if first.is_ascii_digit() => Atom::Number(text),
        // A sum sign is a capital letter to Unicode's tables as well.
        Some(first) if first.is_alphabetic() && *first != 'Σ' => {
            if letters > 1 {
                Atom::Text(text)
            } else {
                Atom::Variable(text)
            }
        }
        Some('Σ') => Atom::Operator("∑".to_owned()),
        _ => Atom::Operator(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Atom {
        Atom::Variable(name.to_owned())
    }

    #[test]
    fn groups_are_raised_without_their_parentheses() {
        let power = vec![
            variable("n"),
            Atom::Operator("−".into()),
            Atom::Number("1".into()),
        ];
        assert_eq!(
            parse("2^(n−1)"),
            [Atom::Raised(Box::new(Atom::Number("2".into())), power)]
        );
    }

    #[test]
    fn names_are_lowered_whole_and_words_are_text() {
        let i_max = Atom::Lowered(Box::new(variable("I")), vec![variable("max")]);
        assert_eq!(
            parse("I_max or b\u{303}"),
            [i_max, Atom::Text("or".into()), variable("b\u{303}")]
        );
    }

    #[test]
    fn every_setting_s_equation_has_a_base_for_each_script() {
        for setting in crate::settings::SETTINGS {
            let atoms = parse(setting.equation);
            assert_eq!(atoms.is_empty(), setting.equation.is_empty());
            let empty = Atom::Text(String::new());
            let is_bare =
                |atom: &Atom| matches!(atom, Atom::Lowered(b, _) | Atom::Raised(b, _) if **b == empty);
            assert!(!atoms.iter().any(is_bare), "{}", setting.equation);
        }
    }
}
