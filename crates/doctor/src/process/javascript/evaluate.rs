//! What an expression comes to, as far as that is known without running anything.

use std::collections::HashMap;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, BindingPattern, Expression,
    LogicalOperator, ObjectPropertyKind, Program, Statement, TemplateLiteral, UnaryOperator,
};
use oxc_span::GetSpan;

use super::{Field, Kind, Node, Object, Source};
use crate::finding::Span;

/// Constants may lead to others, and to themselves.
const MAX_DEPTH: usize = 64;

pub(super) struct Evaluator<'p> {
    source: Source<'p>,
    constants: HashMap<&'p str, &'p Expression<'p>>,
}

impl<'p> Evaluator<'p> {
    pub(super) fn new(source: Source<'p>, program: &'p Program<'p>) -> Self {
        let declared = program.body.iter().filter_map(|statement| match statement {
            Statement::VariableDeclaration(declared) if declared.kind.is_const() => Some(declared),
            _ => None,
        });
        let constants = declared.flat_map(|declared| &declared.declarations);
        let constants = constants.filter_map(|constant| match &constant.id {
            BindingPattern::BindingIdentifier(name) => {
                Some((name.name.as_str(), constant.init.as_ref()?))
            }
            _ => None,
        });
        Self {
            source,
            constants: constants.collect(),
        }
    }

    /// The text of a piece of the program.
    pub(super) fn written(&self, piece: &impl GetSpan) -> &'p str {
        let span = piece.span();
        &self.source.program[span.start as usize..span.end as usize]
    }

    pub(super) fn value(&self, expression: &Expression<'_>) -> Node {
        self.evaluate(expression, 0)
    }

    pub(super) fn computed(&self, piece: &impl GetSpan) -> Node {
        self.known(piece, Kind::Computed)
    }

    /// The export after an assignment: to itself, to a field of it, or to something else.
    pub(super) fn assigned(&self, export: Node, assigned: &AssignmentExpression<'_>) -> Node {
        let target = self.written(&assigned.left);
        if matches!(target, "module.exports" | "exports") {
            return self.value(&assigned.right);
        }
        let field = target.strip_prefix("module.");
        let Some(name) = field.unwrap_or(target).strip_prefix("exports.") else {
            return export;
        };
        let mut object = export.object().cloned().unwrap_or_default();
        object.set(Field {
            name: name.to_owned(),
            whole: self.span(assigned),
            value: self.value(&assigned.right),
        });
        self.known(assigned, Kind::Object(object))
    }

    fn evaluate(&self, expression: &Expression<'_>, depth: usize) -> Node {
        if depth > MAX_DEPTH {
            return self.computed(expression);
        }
        let inner = |expression: &Expression<'_>| self.evaluate(expression, depth + 1);
        match expression {
            Expression::StringLiteral(text) => {
                let raw = self.written(&**text);
                let quoted = raw.len().saturating_sub(2) == text.value.len();
                self.literal(text.span, text.value.to_string(), quoted)
            }
            Expression::TemplateLiteral(template) => self.template(template, depth),
            Expression::NumericLiteral(number) => {
                self.known(expression, Kind::Number(number.value))
            }
            Expression::BooleanLiteral(on) => self.known(expression, Kind::Bool(on.value)),
            Expression::NullLiteral(_) => self.known(expression, Kind::Nothing),
            Expression::Identifier(name) => match self.constants.get(name.name.as_str()) {
                Some(constant) => inner(constant),
                None if name.name == "undefined" => self.known(expression, Kind::Nothing),
                None => self.computed(expression),
            },
            Expression::ArrayExpression(list) => self.list(expression, &list.elements, depth),
            Expression::ObjectExpression(object) => {
                self.object(expression, &object.properties, depth)
            }
            Expression::ParenthesizedExpression(inside) => inner(&inside.expression),
            Expression::AssignmentExpression(assigned) => inner(&assigned.right),
            Expression::UnaryExpression(unary) => {
                let kind = match (unary.operator, inner(&unary.argument).kind) {
                    (UnaryOperator::UnaryNegation, Kind::Number(number)) => Kind::Number(-number),
                    (UnaryOperator::LogicalNot, kind) => {
                        truth(&kind).map_or(Kind::Computed, |truth| Kind::Bool(!truth))
                    }
                    _ => Kind::Computed,
                };
                self.known(expression, kind)
            }
            Expression::BinaryExpression(sum) if sum.operator.as_str() == "+" => {
                let parts = [inner(&sum.left), inner(&sum.right)];
                self.joined(expression, &parts)
            }
            Expression::LogicalExpression(logical) => {
                choose(logical.operator, inner(&logical.left), || {
                    inner(&logical.right)
                })
            }
            Expression::ConditionalExpression(condition) => {
                let test = inner(&condition.test);
                match truth(&test.kind).filter(|_| test.is_certain) {
                    Some(true) => inner(&condition.consequent),
                    Some(false) => inner(&condition.alternate),
                    None => self.computed(expression),
                }
            }
            Expression::CallExpression(call) if self.written(&call.callee) == "Object.assign" => {
                self.merged(expression, &call.arguments, depth)
            }
            _ => match expression.as_member_expression() {
                Some(member) => member
                    .static_property_name()
                    .and_then(|name| inner(member.object()).object()?.get(name).cloned())
                    .unwrap_or_else(|| self.computed(expression)),
                None => self.computed(expression),
            },
        }
    }

    fn list(
        &self,
        whole: &Expression<'_>,
        elements: &[ArrayExpressionElement<'_>],
        depth: usize,
    ) -> Node {
        let mut list = Vec::new();
        for element in elements {
            if let ArrayExpressionElement::SpreadElement(spread) = element {
                let spread = self.evaluate(&spread.argument, depth + 1);
                match spread.kind {
                    Kind::List(more) => list.extend(more),
                    _ => list.push(self.computed(element)),
                }
            } else if let Some(expression) = element.as_expression() {
                list.push(self.evaluate(expression, depth + 1));
            }
        }
        self.known(whole, Kind::List(list))
    }

    fn object(
        &self,
        whole: &Expression<'_>,
        properties: &[ObjectPropertyKind<'_>],
        depth: usize,
    ) -> Node {
        let mut object = Object::default();
        for property in properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    object.take_in(&self.evaluate(&spread.argument, depth + 1));
                }
                ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                    Some(name) => object.set(Field {
                        name: name.into_owned(),
                        whole: self.span(&**property),
                        value: self.evaluate(&property.value, depth + 1),
                    }),
                    None => object.is_open = true,
                },
            }
        }
        self.known(whole, Kind::Object(object))
    }

    /// `Object.assign({}, one, other)`.
    fn merged(&self, whole: &Expression<'_>, objects: &[Argument<'_>], depth: usize) -> Node {
        let mut object = Object::default();
        for argument in objects {
            match argument.as_expression() {
                Some(expression) => object.take_in(&self.evaluate(expression, depth + 1)),
                None => object.is_open = true,
            }
        }
        self.known(whole, Kind::Object(object))
    }

    fn template(&self, template: &TemplateLiteral<'_>, depth: usize) -> Node {
        if let ([only], []) = (&template.quasis[..], &template.expressions[..]) {
            let text = only.value.cooked.unwrap_or(only.value.raw);
            return self.literal(template.span, text.to_string(), text == only.value.raw);
        }
        let mut parts = Vec::new();
        for (index, text) in template.quasis.iter().enumerate() {
            let text = text.value.cooked.unwrap_or(text.value.raw).to_string();
            parts.push(self.known(template, Kind::Text(text)));
            let inside = template.expressions.get(index);
            parts.extend(inside.map(|inside| self.evaluate(inside, depth + 1)));
        }
        self.joined(template, &parts)
    }

    /// One text after the other; numbers alone are not added.
    fn joined(&self, whole: &impl GetSpan, parts: &[Node]) -> Node {
        let texts: Option<Vec<String>> = parts.iter().map(Node::as_value).collect();
        let has_text = parts.iter().any(|part| part.text().is_some());
        let numbers = parts.iter().map(|part| match part.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        });
        let kind = match numbers.sum::<Option<f64>>() {
            Some(sum) if !parts.is_empty() => Kind::Number(sum),
            _ => texts
                .filter(|_| has_text)
                .map_or(Kind::Computed, |texts| Kind::Text(texts.concat())),
        };
        Node {
            is_certain: parts.iter().all(|part| part.is_certain),
            is_literal: false,
            ..self.known(whole, kind)
        }
    }

    /// A text between quotes; `is_plain` if nothing in it is escaped.
    fn literal(&self, span: oxc_span::Span, text: String, is_plain: bool) -> Node {
        let span = self.span(&span);
        Node {
            span: Span {
                start: span.start + 1,
                end: span.end.saturating_sub(1).max(span.start + 1),
            },
            kind: Kind::Text(text),
            is_certain: true,
            is_default: false,
            is_literal: is_plain,
        }
    }

    fn known(&self, piece: &impl GetSpan, kind: Kind) -> Node {
        Node {
            span: self.span(piece),
            is_certain: true,
            is_default: false,
            is_literal: kind != Kind::Computed,
            kind,
        }
    }

    fn span(&self, piece: &impl GetSpan) -> Span {
        let span = piece.span();
        self.source.span(span.start, span.end)
    }
}

/// `||`, `??` and `&&`. A default takes the place of what only running the file could tell.
fn choose(operator: LogicalOperator, left: Node, right: impl FnOnce() -> Node) -> Node {
    let takes_left = match operator {
        LogicalOperator::Or => truth(&left.kind),
        LogicalOperator::And => truth(&left.kind).map(|truth| !truth),
        LogicalOperator::Coalesce => match left.kind {
            Kind::Computed => None,
            Kind::Nothing => Some(false),
            _ => Some(true),
        },
    };
    match takes_left {
        Some(true) => left,
        Some(false) => Node {
            is_certain: left.is_certain,
            is_default: false,
            ..right()
        },
        None if operator == LogicalOperator::And => left,
        None => Node {
            is_certain: false,
            is_default: true,
            ..right()
        },
    }
}

/// Whether JavaScript takes it for true.
fn truth(kind: &Kind) -> Option<bool> {
    match kind {
        Kind::Text(text) => Some(!text.is_empty()),
        Kind::Number(number) => Some(*number != 0.0 && !number.is_nan()),
        Kind::Bool(on) => Some(*on),
        Kind::Nothing => Some(false),
        Kind::List(_) | Kind::Object(_) => Some(true),
        Kind::Computed => None,
    }
}
