/* SPDX-License-Identifier: MIT */
/*
 * where - compiles an expression to a postfix program and runs that.
 *
 * The parser is the shunting-yard method: operators wait on a stack of their own, nothing recurses,
 * so no expression can exhaust the machine's stack.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "report/where_term.h"
#include "tcpshadow/mem.h"

enum step_kind {
	STEP_TERM,
	STEP_OR, /* operators in order of how tightly they bind */
	STEP_AND,
	STEP_NOT,
	STEP_PAREN, /* on the operator stack only */
};

struct where_step {
	uint8_t kind;
	uint16_t term; /* index for STEP_TERM */
};

struct where {
	struct where_term *terms;
	size_t nterms, cap_terms;
	struct where_step *steps;
	size_t nsteps, cap_steps;
	size_t outer_or; /* byte of the expression; SIZE_MAX = all its `or` are in parentheses */
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_OP,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	enum where_op op; /* TOKEN_OP */
	size_t at, len;   /* in the expression */
};

/* An operator that waits for its right side. */
struct pending {
	uint8_t kind;
	size_t at; /* where it stands */
};

struct parser {
	const char *expr;
	bool utc;
	struct token token; /* the one at hand */
	struct buf text;    /* its text, without quotes */
	struct where *where;
	struct where_error *error;
	struct pending stack[WHERE_MAX_DEPTH];
	size_t depth;
};

static const struct {
	const char *text;
	enum where_op op;
} operators[] = {
	{ "==", OP_EQ },
	{ "=", OP_EQ },
	{ "!=", OP_NE },
	{ "<=", OP_LE },
	{ "<", OP_LT },
	{ ">=", OP_GE },
	{ ">", OP_GT },
	{ "~", OP_REGEX },
};

static void lex_operator(struct parser *p)
{
	p->token.kind = TOKEN_BAD;
	p->token.len = 1;
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		size_t n = strlen(operators[i].text);

		if (strncmp(p->expr + p->token.at, operators[i].text, n) != 0)
			continue;
		p->token.kind = TOKEN_OP;
		p->token.op = operators[i].op;
		p->token.len = n;
		return;
	}
}

static void lex_quoted(struct parser *p)
{
	const char *start = p->expr + p->token.at, *end = strchr(start + 1, *start);

	p->token.kind = end ? TOKEN_QUOTED : TOKEN_BAD;
	p->token.len = end ? (size_t)(end - start) + 1 : strlen(start);
	if (end)
		buf_add(&p->text, start + 1, (size_t)(end - start) - 1);
}

/* Go on to the token behind the one at hand. */
static void advance(struct parser *p)
{
	size_t at = p->token.at + p->token.len;
	const char *s;

	at += strspn(p->expr + at, " \t\r\n");
	s = p->expr + at;
	p->token = (struct token){ TOKEN_END, OP_NONE, at, 0 };
	buf_reset(&p->text);
	if (*s == '\0')
		return;
	if (*s == '(' || *s == ')') {
		p->token.kind = *s == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
		p->token.len = 1;
	} else if (*s == '"' || *s == '\'') {
		lex_quoted(p);
	} else if (strchr("=!<>~", *s)) {
		lex_operator(p);
	} else {
		p->token.kind = TOKEN_WORD;
		p->token.len = strcspn(s, " \t\r\n()=!<>~\"'");
		buf_add(&p->text, s, p->token.len);
	}
}

/* The token at hand is wrong; one that is no token at all says so itself. */
static int wrong(struct parser *p, const char *what)
{
	if (p->token.kind == TOKEN_BAD)
		what = p->expr[p->token.at] == '!' ? "write 'not' to negate, or '!=' to compare"
		                                   : "this quotation is never closed";
	p->error->at = p->token.at;
	p->error->len = p->token.len;
	return err_set(&p->error->what, "%s", what);
}

static bool is_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_WORD && strcmp(p->text.data, word) == 0;
}

static void add_step(struct where *w, uint8_t kind, size_t term)
{
	w->steps = mem_grow(w->steps, w->nsteps, &w->cap_steps, sizeof(*w->steps));
	w->steps[w->nsteps++] = (struct where_step){ kind, (uint16_t)term };
}

static int push(struct parser *p, uint8_t kind)
{
	if (p->depth == WHERE_MAX_DEPTH)
		return wrong(p, "nested too deeply");
	p->stack[p->depth++] = (struct pending){ kind, p->token.at };
	return 0;
}

/* Operators that bind at least as tightly as `kind` have their right side now. */
static void reduce(struct parser *p, uint8_t kind)
{
	while (p->depth > 0) {
		uint8_t top = p->stack[p->depth - 1].kind;

		if (top == STEP_PAREN || top < kind)
			return;
		add_step(p->where, top, 0);
		p->depth--;
	}
}

static struct where_term *new_term(struct parser *p)
{
	struct where *w = p->where;
	struct where_term *t;

	if (w->nterms == WHERE_MAX_TERMS) {
		(void)wrong(p, "too many comparisons");
		return NULL;
	}
	w->terms = mem_grow(w->terms, w->nterms, &w->cap_terms, sizeof(*w->terms));
	t = &w->terms[w->nterms];
	memset(t, 0, sizeof(*t));
	t->op = OP_NONE;
	t->is_utc = p->utc;
	add_step(w, STEP_TERM, w->nterms++);
	return t;
}

static bool is_value(const struct parser *p)
{
	return p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED;
}

/* A keyword and a value, without an operator. */
static int parse_keyword(
    struct parser *p, struct where_term *t, const char *field, enum where_op op)
{
	int rc;

	t->field = where_field_find(field, &t->sides);
	t->op = op;
	if (!is_value(p))
		return wrong(
		    p, op == OP_NET ? "expected a network such as 10.0.0.0/8" : "expected a value");
	rc = op == OP_NET ? term_net(t, p->text.data, &p->error->what)
	                  : term_value(t, p->text.data, &p->error->what);
	if (rc < 0) {
		p->error->at = p->token.at;
		p->error->len = p->token.len;
		return -1;
	}
	advance(p);
	return 0;
}

static const struct {
	const char *word, *field;
	enum where_op op;
	const char *help;
} keywords[] = {
	{ "host", "ip", OP_EQ, "address of either side" },
	{ "port", "port", OP_EQ, "port of either side" },
	{ "net", "ip", OP_NET, "network of either side, as 10.0.0.0/8" },
	{ "since", "end", OP_GE, "had packets then or later: 10:05, or with a date" },
	{ "until", "start", OP_LE, "began then or before" },
};

size_t where_keyword_count(void)
{
	return ARRAY_LEN(keywords);
}

struct where_keyword where_keyword_at(size_t i)
{
	return (struct where_keyword){ keywords[i].word, keywords[i].help };
}

static int unknown_name(struct parser *p, const struct token *name)
{
	char text[64];
	struct buf near = BUF_INIT;
	size_t n = name->len < sizeof(text) - 1 ? name->len : sizeof(text) - 1;

	memcpy(text, p->expr + name->at, n);
	text[n] = '\0';
	p->token = *name;
	where_field_near(&near, text);
	(void)wrong(p, "");
	if (near.len)
		(void)err_set(&p->error->what, "unknown name; did you mean '%s'?", near.data);
	else
		(void)err_set(&p->error->what,
		    "unknown name; 'tcpshadow catalogue --fields' lists those there are");
	buf_release(&near);
	return -1;
}

static int check_operator(struct parser *p, const struct where_field *f)
{
	bool is_text = f->type >= TYPE_ADDRESS;

	if (p->token.kind != TOKEN_OP)
		return wrong(p, "expected one of = != < <= > >= ~");
	if (is_text && p->token.op >= OP_LT && p->token.op <= OP_GE)
		return wrong(p, "this has no order; expected one of = != ~");
	if (p->token.op == OP_REGEX && f == where_field_find("payload", &(unsigned){ 0 }))
		return wrong(p, "this is how much, bytes are not kept: 'tcpshadow follow' and the "
		                "stream screen find in them");
	if (!is_text && p->token.op == OP_REGEX)
		return wrong(p, "'~' compares text; expected one of = != < <= > >=");
	return 0;
}

/* One of several values: a term of its own, joined to those before. */
static int parse_alternative(struct parser *p, struct where_term *t, const char *value)
{
	if (term_value(t, value, &p->error->what) == 0)
		return 0;
	p->error->at = p->token.at;
	p->error->len = p->token.len;
	return -1;
}

/* The value at hand; with = and != also `one|or|another`. */
static int parse_values(struct parser *p, struct where_term *t)
{
	const struct where_term like = *t;
	bool many = p->token.kind == TOKEN_WORD && (t->op == OP_EQ || t->op == OP_NE);
	const char *at = p->text.data;
	struct buf value = BUF_INIT;
	int rc = 0;

	for (size_t n = 0, len; t && rc == 0; n++, at += len + 1) {
		len = many ? strcspn(at, "|") : strlen(at);
		buf_reset(&value);
		buf_add(&value, at, len);
		rc = parse_alternative(p, t, value.data);
		if (n)
			add_step(p->where, like.op == OP_EQ ? STEP_OR : STEP_AND, 0);
		if (at[len] == '\0')
			break;
		t = new_term(p);
		if (t)
			*t = like;
	}
	buf_release(&value);
	return t ? rc : -1;
}

static int parse_comparison(struct parser *p, struct where_term *t)
{
	if (check_operator(p, t->field) < 0)
		return -1;
	t->op = p->token.op;
	advance(p);
	if (!is_value(p)) {
		struct buf what = BUF_INIT;

		buf_addstr(&what, "expected ");
		if (t->op == OP_REGEX)
			buf_addstr(&what, "a regular expression");
		else
			where_type_expected(&what, t->field->type);
		(void)wrong(p, what.data);
		buf_release(&what);
		return -1;
	}
	if (parse_values(p, t) < 0)
		return -1;
	advance(p);
	return 0;
}

/* Without an operator: it is so, or there is at least one. */
static bool stands_alone(const struct where_field *f)
{
	return f->type == TYPE_FLAG || (f->type == TYPE_COUNT && where_field_sums(f));
}

/* NAME OP VALUE, a flag or a count alone, an outcome, or a keyword and its value; a word is at hand. */
static int parse_term(struct parser *p)
{
	struct token name = p->token;
	struct where_term *t = new_term(p);
	size_t key = 0;

	if (!t)
		return -1;
	while (key < ARRAY_LEN(keywords) && !is_word(p, keywords[key].word))
		key++;
	t->field = where_field_find(p->text.data, &t->sides);
	if (!t->field && key == ARRAY_LEN(keywords)) {
		if (term_word_alone(t, p->text.data) < 0)
			return unknown_name(p, &name);
		advance(p);
		return 0;
	}
	advance(p);
	if (key < ARRAY_LEN(keywords) && !(t->field && p->token.kind == TOKEN_OP))
		return parse_keyword(p, t, keywords[key].field, keywords[key].op);
	if (t->field && stands_alone(t->field) && p->token.kind != TOKEN_OP) {
		t->op = OP_GE;
		t->number = 1;
		return 0;
	}
	return parse_comparison(p, t);
}

/* Not, an opening parenthesis or a term.  *complete: a whole operand was read. */
static int parse_operand(struct parser *p, bool *complete)
{
	*complete = false;
	if (p->token.kind == TOKEN_OPEN || is_word(p, "not")) {
		if (push(p, p->token.kind == TOKEN_OPEN ? STEP_PAREN : STEP_NOT) < 0)
			return -1;
		advance(p);
		return 0;
	}
	if (p->token.kind != TOKEN_WORD || is_word(p, "and") || is_word(p, "or"))
		return wrong(p, "expected a name, 'not' or '('");
	*complete = true;
	return parse_term(p);
}

/* And, or, or a closing parenthesis, behind an operand.  *complete as before. */
static int parse_joint(struct parser *p, bool *complete)
{
	uint8_t kind;

	if (p->token.kind == TOKEN_CLOSE) {
		reduce(p, STEP_OR);
		if (p->depth == 0)
			return wrong(p, "this parenthesis was never opened");
		p->depth--;
		advance(p);
		return 0;
	}
	if (!is_word(p, "and") && !is_word(p, "or"))
		return wrong(
		    p, p->depth ? "expected 'and', 'or' or ')'" : "expected 'and' or 'or'");
	kind = is_word(p, "and") ? STEP_AND : STEP_OR;
	reduce(p, kind);
	if (kind == STEP_OR && p->depth == 0)
		p->where->outer_or = p->token.at;
	*complete = false;
	if (push(p, kind) < 0)
		return -1;
	advance(p);
	return 0;
}

static int parse(struct parser *p)
{
	bool complete = false;
	int rc = 0;

	advance(p);
	while (rc == 0 && !(complete && p->token.kind == TOKEN_END))
		rc = complete ? parse_joint(p, &complete) : parse_operand(p, &complete);
	if (rc < 0)
		return -1;
	reduce(p, STEP_OR);
	if (p->depth) {
		p->token.at = p->stack[p->depth - 1].at;
		p->token.len = 1;
		return wrong(p, "this parenthesis is never closed");
	}
	return 0;
}

struct where *where_compile(const char *expr, bool utc, struct where_error *e)
{
	struct parser p = { .expr = expr, .utc = utc, .error = e };
	int rc;

	memset(e, 0, sizeof(*e));
	buf_init(&p.text);
	p.where = mem_alloc(1, sizeof(*p.where));
	p.where->outer_or = SIZE_MAX;
	rc = parse(&p);
	buf_release(&p.text);
	if (rc == 0)
		return p.where;
	where_free(p.where);
	return NULL;
}

size_t where_outer_or(const struct where *w)
{
	return w->outer_or;
}

void where_free(struct where *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->nterms; i++)
		term_release(&w->terms[i]);
	free(w->terms);
	free(w->steps);
	free(w);
}

/* Each pending operator holds at most one finished operand, and so do alternatives: hence the size. */
bool where_match(const struct where *w, const struct conn_record *r, int64_t began)
{
	bool stack[WHERE_MAX_DEPTH + 3];
	size_t n = 0;

	if (!w)
		return true;
	for (size_t i = 0; i < w->nsteps; i++) {
		const struct where_step *s = &w->steps[i];

		if (s->kind == STEP_TERM) {
			BUG_ON(n == ARRAY_LEN(stack));
			stack[n++] = term_match(&w->terms[s->term], r, began);
			continue;
		}
		if (s->kind == STEP_NOT) {
			BUG_ON(n < 1);
			stack[n - 1] = !stack[n - 1];
			continue;
		}
		BUG_ON(n < 2);
		n--;
		if (s->kind == STEP_AND)
			stack[n - 1] = stack[n - 1] && stack[n];
		else
			stack[n - 1] = stack[n - 1] || stack[n];
	}
	BUG_ON(n != 1);
	return stack[0];
}

void where_underline(struct buf *out, const char *expr, const struct where_error *e, size_t indent)
{
	buf_pad(out, ' ', indent);
	for (const char *s = expr; *s; s++)
		buf_addch(out, *s == '\t' || *s == '\n' || *s == '\r' ? ' ' : *s);
	buf_addch(out, '\n');
	buf_pad(out, ' ', indent + e->at);
	buf_addch(out, '^');
	if (e->len > 1)
		buf_pad(out, '~', e->len - 1);
}
