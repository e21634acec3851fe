//! The reader: it takes anything, keeps its place, and agrees with nginx on what can be read.

use std::{fs, process::Command};

use atalaya_doctor::nginx::{
    parse,
    print::print,
    tree::{Body, Directive, FileId},
};
use proptest::prelude::*;

/// What a tree says, without where it stands.
fn shape(directives: &[Directive]) -> String {
    let mut text = String::new();
    for directive in directives {
        let words: Vec<&str> = directive
            .args
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        text.push_str(&format!("{:?}{words:?}", directive.name.text));
        match &directive.body {
            Body::None => text.push(';'),
            Body::Opaque(inner) => text.push_str(&format!("<{inner}>")),
            Body::Block(children) => text.push_str(&format!("[{}]", shape(children))),
        }
    }
    text
}

fn read(text: &str) -> (String, Vec<String>) {
    let parsed = parse(text, FileId(0));
    let mistakes = parsed.mistakes.iter().map(|mistake| {
        format!(
            "{}:{} {}",
            mistake.pos.line, mistake.pos.column, mistake.message
        )
    });
    (shape(&parsed.directives), mistakes.collect())
}

#[test]
fn words_quotes_escapes_variables_and_comments() {
    let text = "a b'c \"d e\" 'f;g{' h\\ i ${j}k # gone;\nl { m n#o p}q; }\n";
    let (tree, mistakes) = read(text);
    assert_eq!(mistakes, [""; 0]);
    assert_eq!(
        tree,
        r#""a"["b'c", "d e", "f;g{", "h\\ i", "${j}k", "l"]["m"["n#o", "p}q"];]"#
    );
}

#[test]
fn a_directive_knows_its_line_and_column() {
    let parsed = parse(
        "events {}\nhttp {\n  # ñ\n  server { listen 80; }\n}\n",
        FileId(0),
    );
    let listen = &parsed.directives[1].children()[0].children()[0];
    assert_eq!((listen.pos.line, listen.pos.column), (4, 12));
}

#[test]
fn lua_is_kept_as_it_stands() {
    let text = "content_by_lua_block { if x then y('}') end -- }\n t = {1} }\nnext;";
    let (tree, mistakes) = read(text);
    assert_eq!(mistakes, [""; 0]);
    assert!(tree.contains("t = {1} >\"next\"[];"), "{tree}");
}

#[test]
fn a_mistake_is_told_and_reading_goes_on() {
    let (tree, mistakes) = read("a \"b\"c;\n}\nd;\ne {");
    assert_eq!(
        mistakes,
        [
            "1:6 unexpected \"c\"",
            "2:1 unexpected \"}\"",
            "4:4 unexpected end of file, expecting \"}\""
        ]
    );
    assert!(tree.contains("\"d\"[];"), "{tree}");
}

/// Text that looks like a configuration often enough to reach every corner.
fn nearly_nginx() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z_]{1,8}",
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just(";".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("\\".to_owned()),
        Just("${".to_owned()),
        Just("#".to_owned()),
        Just("x_by_lua_block {".to_owned()),
        Just("[[".to_owned()),
        Just("--".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    // What was found once is a test of its own above.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn it_never_panics(text in nearly_nginx()) {
        let parsed = parse(&text, FileId(0));
        for mistake in parsed.mistakes {
            prop_assert!(mistake.pos.span.end <= text.len());
        }
    }

    #[test]
    fn what_is_printed_is_read_as_the_same_tree(text in nearly_nginx()) {
        let parsed = parse(&text, FileId(0));
        let printed = print(&parsed.directives);
        let again = parse(&printed, FileId(0));
        prop_assert_eq!(shape(&again.directives), shape(&parsed.directives), "{}", printed);
        prop_assert!(again.mistakes.is_empty(), "{:?} in {}", again.mistakes, printed);
    }
}

/// Whether nginx can split the text into directives: any other complaint means that it could.
fn nginx_reads(text: &str) -> bool {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("nginx.conf");
    // Inside a map any directive is allowed, so that only the reader can object.
    fs::write(
        &file,
        format!("events {{}}\nhttp {{ charset_map a b {{\n{text}\n}} }}\n"),
    )
    .expect("it is written");
    let output = Command::new("nginx")
        .arg("-t")
        .arg("-p")
        .arg(dir.path())
        .arg("-c")
        .arg(&file)
        .args([
            "-g",
            &format!("error_log stderr emerg; pid {}/pid;", dir.path().display()),
        ])
        .output()
        .expect("nginx is installed");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    !words.contains("unexpected")
}

#[test]
fn nginx_can_read_what_we_can_and_no_more() {
    let samples = [
        "a0 \"b c\";",
        "a0 'b;c';",
        "a0 \"b\"c;",
        "a0 b\"c;",
        "a0 ${b};",
        "a0 b\\;c;",
        "a0 \"b;",
        "a0 b; }",
        "a0 { b;",
        "a0 #b;\n c;",
        "a0 b#c;",
        ";",
        "a0 (\"b\");",
        "a0 \"b\");",
        "a0 'b'\n;",
        "a0 b",
    ];
    for sample in samples {
        let wrapped = format!("events {{}}\nhttp {{ charset_map a b {{\n{sample}\n}} }}\n");
        let ours = parse(&wrapped, FileId(0)).mistakes.is_empty();
        assert_eq!(ours, nginx_reads(sample), "{sample}");
    }
}
