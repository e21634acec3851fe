//! Which directive decided where a request ended.

use crate::language::Text;
use crate::nginx::{Landing, Step, Walk, tree::Directive};

/// The last one that moved it, or the location that took it, or the server block.
pub(crate) fn decisive<'c>(walk: &Walk<'c>) -> &'c Directive {
    if let Landing::Answer { by, .. } = walk.landing {
        return by;
    }
    // What an error page makes of a `return` is only how it looks.
    let returned = walk.steps.iter().find_map(|step| match step {
        Step::ErrorPage { after, .. } => after.filter(|by| by.is("return")),
        _ => None,
    });
    let moved = returned.or_else(|| moved(walk));
    moved.unwrap_or_else(|| first_location(walk).unwrap_or(walk.server().directive))
}

/// What rewrote it before any location was looked for, or where files were looked for in vain first, or else the last
/// that moved it: what becomes of another URI, such as the page's, is that URI's own.
fn moved<'c>(walk: &Walk<'c>) -> Option<&'c Directive> {
    let before = walk.steps.iter();
    let mut before = before.take_while(|step| !matches!(step, Step::Location { .. }));
    let rewritten = before.find_map(|step| match step {
        Step::Rewrite { by, .. } => Some(*by),
        _ => None,
    });
    if rewritten.is_some() {
        return rewritten;
    }
    let fell = walk.steps.iter().find_map(|step| match step {
        Step::FellBack { by, to } if to.starts_with('/') => Some(*by),
        _ => None,
    });
    fell.or_else(|| moved_last(walk))
}

fn moved_last<'c>(walk: &Walk<'c>) -> Option<&'c Directive> {
    walk.steps.iter().rev().find_map(|step| match step {
        Step::FellBack { by, .. } | Step::Tried { by, .. } => Some(*by),
        Step::Rewrite { by, .. } | Step::ErrorPage { by, .. } => Some(*by),
        _ => None,
    })
}

/// The last directive that gave the request another URI.
pub(super) fn last_change<'c>(walk: &Walk<'c>) -> Option<&'c Directive> {
    walk.steps.iter().rev().find_map(|step| match step {
        Step::Rewrite { by, .. } | Step::FellBack { by, .. } => Some(*by),
        _ => None,
    })
}

/// The location that the request came to first.
pub(super) fn first_location<'c>(walk: &Walk<'c>) -> Option<&'c Directive> {
    walk.steps.iter().find_map(|step| match step {
        Step::Location { block, .. } => Some(*block),
        _ => None,
    })?
}

/// What a client sees of an answer that is not the back end's.
pub(super) fn seen(walk: &Walk<'_>) -> Text {
    let fallback = walk.steps.iter().find_map(|step| match step {
        Step::FellBack { to, .. } if !to.starts_with(['=', '@']) => Some(to),
        _ => None,
    });
    // The page may be missing from a copy of the configuration alone.
    if let (Some(page), Landing::Cycle | Landing::Static { .. }) = (fallback, &walk.landing) {
        return say!(
            "200 with the page {page} in place of `0{{\"sid\":…`, or 404 or 500 if it is missing",
            "200 con la página {page} en lugar de `0{{\"sid\":…`, o 404 o 500 si falta"
        );
    }
    match &walk.landing {
        Landing::Static { file, .. } if kept_status(walk).is_some() => say!(
            "{status} with a page ({file})",
            "{status} con una página ({file})",
            status = kept_status(walk).unwrap_or_default()
        ),
        Landing::Static { status: 200, file } => {
            say!(
                "200 with a file ({file}), usually HTML, in place of `0{{\"sid\":…`",
                "200 con un archivo ({file}), normalmente HTML, en lugar de `0{{\"sid\":…`"
            )
        }
        Landing::Static { status, .. } => say!(
            "{status} with nginx's own HTML page",
            "{status} con la página HTML del propio nginx"
        ),
        Landing::Answer { status: 444, .. } => say!(
            "a connection closed without an answer",
            "una conexión cerrada sin respuesta"
        ),
        Landing::Answer { status, .. } => {
            say!("{status} from nginx itself", "{status} del propio nginx")
        }
        Landing::Handler(by) => say!(
            "whatever {name} answers",
            "lo que responda {name}",
            name = by.name.text
        ),
        Landing::Cycle => say!(
            "500, after ten internal redirects",
            "500, tras diez redirecciones internas"
        ),
        Landing::Proxied(_) => say!(
            "the answer of another back end",
            "la respuesta de otro back end"
        ),
    }
}

/// The status that an error page keeps: all but the one that `=` replaces.
fn kept_status(walk: &Walk<'_>) -> Option<u16> {
    walk.steps.iter().find_map(|step| match step {
        Step::ErrorPage { by, status, .. } => {
            let replaced = by.args.iter().any(|word| word.text.starts_with('='));
            (!replaced).then_some(*status)
        }
        _ => None,
    })
}
