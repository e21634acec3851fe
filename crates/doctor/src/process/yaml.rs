//! A YAML file in the shape in which `javascript` gives its own.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::javascript::{Field, Kind, MAX_BYTES, Mistake, Node, Object, on_a_deep_stack};
use crate::finding::Span;

/// What the file says; its first document, as PM2 takes it.
pub(super) fn read(text: &str) -> Result<Node, Mistake> {
    if text.len() > MAX_BYTES {
        return Err(Mistake::whole(format!(
            "it is longer than {MAX_BYTES} bytes"
        )));
    }
    on_a_deep_stack(|| of_text(text))
}

fn of_text(text: &str) -> Result<Node, Mistake> {
    let places = Places::of(text);
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = places.byte(error.marker().index());
        Mistake {
            span: Span { start: at, end: at },
            message: error.info().to_owned(),
        }
    })?;
    let first = documents.first();
    first
        .map(|first| places.node(first))
        .ok_or_else(|| Mistake::whole("it is empty".to_owned()))
}

/// Where each character stands: the parser counts characters.
struct Places<'t> {
    text: &'t str,
    bytes: Vec<usize>,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        let starts = text.char_indices().map(|(byte, _)| byte);
        Self {
            text,
            bytes: starts.chain([text.len()]).collect(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes
            .get(character)
            .copied()
            .unwrap_or(self.text.len())
    }

    /// Of a text, without its quotes.
    fn span(&self, yaml: &MarkedYaml<'_>) -> Span {
        let start = self.byte(yaml.span.start.index());
        let end = self.byte(yaml.span.end.index()).max(start);
        let written = self.text[start..end].trim_end();
        let end = start + written.len();
        let is_quoted = written.len() >= 2 && written.starts_with(['"', '\'']);
        let quote = usize::from(is_quoted);
        Span {
            start: start + quote,
            end: end - quote,
        }
    }

    fn node(&self, yaml: &MarkedYaml<'_>) -> Node {
        let span = self.span(yaml);
        let kind = match &yaml.data {
            YamlData::Value(Scalar::String(text)) => Kind::Text(text.to_string()),
            YamlData::Value(Scalar::Boolean(on)) => Kind::Bool(*on),
            YamlData::Value(Scalar::Integer(number)) => Kind::Number(*number as f64),
            YamlData::Value(Scalar::FloatingPoint(number)) => Kind::Number(number.into_inner()),
            YamlData::Value(Scalar::Null) => Kind::Nothing,
            YamlData::Sequence(items) => {
                Kind::List(items.iter().map(|item| self.node(item)).collect())
            }
            YamlData::Mapping(fields) => Kind::Object(self.object(fields.iter())),
            _ => Kind::Computed,
        };
        let written = &self.text[span.start..span.end];
        let is_literal = match &kind {
            Kind::Text(text) => text == written,
            Kind::Number(number) => number.to_string() == written,
            Kind::Bool(on) => on.to_string() == written,
            _ => false,
        };
        Node {
            span,
            kind,
            is_certain: true,
            is_default: false,
            is_literal,
        }
    }

    fn object<'y>(
        &self,
        fields: impl Iterator<Item = (&'y MarkedYaml<'y>, &'y MarkedYaml<'y>)>,
    ) -> Object {
        let mut own = Object::default();
        let mut merged = Object::default();
        for (key, value) in fields {
            let (key_span, value) = (self.span(key), self.node(value));
            let Some(name) = self.node(key).as_value() else {
                continue;
            };
            if name == "<<" {
                merged.take_in(&value);
                continue;
            }
            own.set(Field {
                name,
                whole: Span {
                    start: key_span.start,
                    end: value.span.end,
                },
                value,
            });
        }
        for field in own.fields {
            merged.set(field);
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_stand() {
        let text = "# é\nbase: &base\n  watch: true\napps:\n  - name: \"é x\"\n    <<: *base\n    \
                    instances: 2 # two\n    env:\n      PORT: 3001\n";
        let node = read(text).unwrap();
        let apps = node.object().unwrap().get("apps").unwrap();
        let Kind::List(apps) = &apps.kind else {
            panic!("{apps:?}")
        };
        let app = apps[0].object().unwrap();
        let written = |node: &Node| &text[node.span.start..node.span.end];
        assert_eq!(written(app.get("name").unwrap()), "é x");
        assert_eq!(written(app.get("instances").unwrap()), "2");
        assert_eq!(app.get("watch").unwrap().kind, Kind::Bool(true));
        let port = app
            .get("env")
            .unwrap()
            .object()
            .unwrap()
            .get("PORT")
            .unwrap();
        assert_eq!((written(port), port.is_literal), ("3001", true));
    }

    #[test]
    fn what_is_no_yaml_is_a_mistake_at_its_place() {
        let mistake = read("apps:\n  - name: x\n   script: y\n").unwrap_err();
        assert!(mistake.span.start > 8, "{mistake:?}");
        assert!(read("").is_err());
        assert!(read(&"[".repeat(MAX_BYTES)).is_err());
        assert!(read(&format!("{}{}", "[".repeat(50), "]".repeat(50))).is_ok());
    }
}
