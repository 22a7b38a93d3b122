//! Puts a chain of operators together by their precedence, as jaq does.

use super::parse::{Parse, node};
use super::syntax::{Kind, Node, Op, Pattern};
use std::ops::Range;

/// What stands between two parts of a chain.
pub(super) enum Link {
    Op(Op, Range<usize>),
    As(Pattern),
}

impl Link {
    fn precedence(&self) -> u8 {
        match self {
            Self::Op(Op::Pipe, _) => 0,
            Self::Op(Op::Comma, _) => 1,
            Self::As(_) => 2,
            Self::Op(Op::Assign(_), _) => 3,
            Self::Op(Op::Alternative, _) => 4,
            Self::Op(Op::Or, _) => 5,
            Self::Op(Op::And, _) => 6,
            Self::Op(Op::Equal(_), _) => 7,
            Self::Op(Op::Order(_), _) => 8,
            Self::Op(Op::Math("+" | "-"), _) => 9,
            Self::Op(Op::Math("*" | "/"), _) => 10,
            Self::Op(Op::Math(_), _) => 11,
        }
    }

    fn is_right(&self) -> bool {
        matches!(self, Self::As(_) | Self::Op(Op::Pipe | Op::Assign(_), _))
    }

    fn join(self, left: Node, right: Node) -> Parse<Node> {
        let range = left.range.start..right.range.end;
        let (left, right) = (Box::new(left), Box::new(right));
        match self {
            Self::Op(op, at) => node(Kind::Binary(left, op, at, right), range),
            Self::As(pattern) => node(Kind::Bind(left, pattern, right), range),
        }
    }
}

type Tail<'i> = std::iter::Peekable<Box<dyn Iterator<Item = Parse<(Link, Node)>> + 'i>>;

/// Puts a chain of operators together; what follows an `as $x |` all belongs to its body.
pub(super) fn climb_all(head: Node, tail: &mut std::vec::IntoIter<(Link, Node)>) -> Parse<Node> {
    let links = std::iter::from_fn(move || {
        let (link, node) = tail.next()?;
        Some(match link {
            Link::As(_) => climb_all(node, tail).map(|body| (link, body)),
            Link::Op(..) => Ok((link, node)),
        })
    });
    let links: Box<dyn Iterator<Item = _>> = Box::new(links);
    climb(head, &mut links.peekable(), 0)
}

fn climb(mut left: Node, tail: &mut Tail<'_>, least: u8) -> Parse<Node> {
    while let Some(next) = tail.next_if(|next| next.as_ref().map_or(true, |(link, _)| link.precedence() >= least)) {
        let (link, mut right) = next?;
        while let Some(Ok((next, _))) = tail.peek() {
            let (this, next) = (link.precedence(), next.precedence());
            if next > this || (link.is_right() && next == this) {
                right = climb(right, tail, next)?;
            } else {
                break;
            }
        }
        left = link.join(left, right)?;
    }
    Ok(left)
}
