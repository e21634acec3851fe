//! nginx gives leave to another page than the one that people open.

use super::{
    Check, Rule, Site, Title,
    cors_header_twice::{Known, known},
    cross_origin::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, Crossing},
    headers, near_origin, one,
};
use crate::{
    edit,
    finding::{Finding, Severity},
    nginx::{Walk, response::Added, variables_in},
    process::Processes,
    url::Url,
};

pub(super) const RULE: Rule = Rule {
    id: "cors-origin-differs",
    title: Title {
        english: "Browsers get leave for another page's origin.",
        spanish: "Los navegadores reciben permiso para el origen de otra página.",
    },
    checks: &[Check::Processes(|processes, site| {
        one(judge(processes, site))
    })],
};

fn judge(processes: &Processes, site: &Site<'_>) -> Option<Finding> {
    let crossing = Crossing::of(site)?;
    let mut walks = crossing.walks.iter();
    walks.find_map(|walk| {
        // Several are another rule's.
        let [added] = &walk.added(ALLOW_ORIGIN)[..] else {
            return None;
        };
        match added.value.known()? {
            // Without nginx's own, the back end's may pass.
            "" => {
                let is_alone = walk.hides(ALLOW_ORIGIN).is_some()
                    || matches!(known(processes, site, &crossing), Known::Nothing)
                        && names_a_neighbour(&crossing, walk, added);
                is_alone.then(|| left_out(&crossing, walk, added))
            }
            "*" => any_with_cookies(&crossing, walk, added, site.front_end.sends_cookies),
            value if value == crossing.page.to_string() || !value.is_ascii() => None,
            value => Some(other(&crossing, walk, added, value)),
        }
    })
}

fn other(crossing: &Crossing<'_>, walk: &Walk<'_>, added: &Added<'_>, value: &str) -> Finding {
    let (case, page) = (crossing.case, &crossing.page);
    let text = added.by.arg(1).unwrap_or_default();
    // A default that names a page is wrong itself, unless an entry was meant for this one.
    let has_slip = near_origin::has_slip(walk, text, page);
    let blamed = near_origin::blamed(walk, text, page).filter(|_| has_slip);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        blamed
            .unwrap_or_else(|| headers::source_of(walk, added.by))
            .pos,
        say!(
            "{ALLOW_ORIGIN} is {value}, and the page is of {page}: browsers compare them letter by letter.",
            "{ALLOW_ORIGIN} es {value}, y la página es de {page}: los navegadores los comparan letra a letra."
        ),
        say!(
            "Browsers keep the answers from the page: \"header has a value that is not equal to the supplied \
             origin\". Scripts and tools connect.",
            "Los navegadores no dan las respuestas a la página: \"header has a value that is not equal to the supplied \
             origin\". Los scripts y las herramientas se conectan."
        ),
    );
    let advice = say!(
        "Name the page as browsers do, {page}: scheme and host, and no slash at the end.",
        "Ponga la página como los navegadores, {page}: esquema y host, y sin barra al final."
    );
    let by = added.by;
    let written = by.args.get(1).filter(|word| word.text == value);
    let Some(word) = written else {
        return finding.advise(advice);
    };
    // Another host may be the page of others, who would lose their leave.
    let meant: Option<Url> = value.parse().ok();
    let is_same_page = meant.is_some_and(|meant| meant.origin.host == page.host);
    let edits = vec![edit::replace(case.config, by, word, &page.to_string())];
    finding.mend(advice, is_same_page, edits)
}

/// Whether the map has a page of the same domain, so that this one was meant to be there.
fn names_a_neighbour(crossing: &Crossing<'_>, walk: &Walk<'_>, added: &Added<'_>) -> bool {
    let variables = variables_in(added.by.arg(1).unwrap_or_default());
    let maps = variables.iter().filter_map(|name| walk.map_of(name));
    let keys = maps.flat_map(|map| map.children()).filter_map(|entry| {
        let key: Url = entry.name.text.parse().ok()?;
        Some(key.origin.host)
    });
    let page = &crossing.page.host;
    let is_within = |host: &str, domain: &str| host.ends_with(&format!(".{domain}"));
    let text = added.by.arg(1).unwrap_or_default();
    if near_origin::has_slip(walk, text, &crossing.page) {
        return true;
    }
    keys.into_iter()
        .any(|host| host == *page || is_within(page, &host) || is_within(&host, page))
}

/// What gives the header its value has none for this page.
fn left_out(crossing: &Crossing<'_>, walk: &Walk<'_>, added: &Added<'_>) -> Finding {
    let (case, page) = (crossing.case, &crossing.page);
    let text = added.by.arg(1).unwrap_or_default();
    let blamed = near_origin::blamed(walk, text, page);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        blamed
            .unwrap_or_else(|| headers::source_of(walk, added.by))
            .pos,
        say!(
            "{ALLOW_ORIGIN} comes to nothing for the page {page}, and nothing is known of a header of the back end's.",
            "{ALLOW_ORIGIN} queda vacía para la página {page}, y no se sabe de ninguna cabecera del back end."
        ),
        say!(
            "Browsers keep the answers from the page: \"No 'Access-Control-Allow-Origin' header is present\". Scripts \
             and tools connect.",
            "Los navegadores no dan las respuestas a la página: \"No 'Access-Control-Allow-Origin' header is \
             present\". Los scripts y las herramientas se conectan."
        ),
    );
    finding.advise(say!(
        "Let {page} be among the pages that get their leave here, as browsers send it: no slash at the end, and no port \
         that is the usual one.",
        "Haga que {page} esté entre las páginas que reciben permiso aquí, tal como lo envían los navegadores: sin barra \
         al final, y sin el puerto habitual."
    ))
}

/// Leave for any page does not hold for requests with cookies, which clients send only if they are told to.
fn any_with_cookies(
    crossing: &Crossing<'_>,
    walk: &Walk<'_>,
    added: &Added<'_>,
    sends_cookies: bool,
) -> Option<Finding> {
    let credentials = walk.added(ALLOW_CREDENTIALS);
    let allowed = credentials
        .iter()
        .find(|added| added.value.known() == Some("true"))?;
    let case = crossing.case;
    let finding = case.finding(
        RULE.id,
        match sends_cookies {
            true => Severity::Error,
            false => Severity::Hint,
        },
        added.by.pos,
        say!(
            "{ALLOW_ORIGIN} is * and {ALLOW_CREDENTIALS} true ({at}): browsers do not take the two together.",
            "{ALLOW_ORIGIN} es * y {ALLOW_CREDENTIALS} true ({at}): los navegadores no aceptan las dos juntas.",
            at = case.at(allowed.by)
        ),
        match sends_cookies {
            true => say!(
                "The client has `withCredentials`, so browsers refuse the answers.",
                "El cliente lleva `withCredentials`, así que los navegadores rechazan las respuestas."
            ),
            false => say!(
                "Nothing breaks without `withCredentials`; with it, browsers refuse the answers.",
                "Sin `withCredentials` no se rompe nada; con él, los navegadores rechazan las respuestas."
            ),
        },
    );
    let page = &crossing.page;
    Some(finding.advise(say!(
        "Name the page instead of *: {page}.",
        "Ponga la página en lugar de *: {page}."
    )))
}
