/* SPDX-License-Identifier: MIT */
/*
 * where_term - comparing one property of a connection.
 *
 * Limits: a regular expression that backtracks more than REGEX_EFFORT steps does not match.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "report/where_term.h"

#define REGEX_EFFORT 100000
#define HALF_A_DAY   (12 * NS_PER_SEC * 3600)

static bool parse_address(struct endpoint_addr *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, a->ip.b) == 1)
		a->version = 4;
	else if (inet_pton(AF_INET6, text, a->ip.b) == 1)
		a->version = 6;
	return a->version != 0;
}

static int term_regex(struct where_term *t, const char *text, struct err *e)
{
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at;
	int code;

	t->regex = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    t->field->type == TYPE_TEXT ? 0 : PCRE2_CASELESS, &code, &at, NULL);
	if (!t->regex) {
		if (pcre2_get_error_message(code, why, sizeof(why)) < 0)
			why[0] = '\0';
		return err_set(e, "not a regular expression: %s (at character %zu)",
		    (const char *)why, (size_t)at + 1);
	}
	t->match = pcre2_match_data_create_from_pattern(t->regex, NULL);
	t->limits = pcre2_match_context_create(NULL);
	BUG_ON(!t->match || !t->limits);
	(void)pcre2_set_match_limit(t->limits, REGEX_EFFORT);
	return 0;
}

static int expected(const struct where_term *t, const char *text, struct err *e)
{
	struct buf what = BUF_INIT;

	where_type_expected(&what, t->field->type);
	(void)err_set(e, "'%s' does not fit %s; expected %s", text, t->field->path, what.data);
	buf_release(&what);
	return -1;
}

static int term_word(struct where_term *t, const char *text, struct err *e)
{
	unsigned sides;

	t->word = where_type_match(t->field->type, text);
	if (t->word)
		return 0;
	/* `state` takes the names of RFC 9293, too: the last one of either side.  CLOSED is how it ended: `states` has both. */
	if (t->field->type == TYPE_STANDING && where_type_match(TYPE_STATE, text)) {
		t->field = where_field_find("states", &sides);
		t->sides = SIDES_EITHER;
		t->word = where_type_match(TYPE_STATE, text);
		return 0;
	}
	return expected(t, text, e);
}

static int term_text(struct where_term *t, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (n >= sizeof(t->text))
		return expected(t, text, e);
	memcpy(t->text, text, n + 1);
	return 0;
}

static int term_time(struct where_term *t, const char *text, struct err *e)
{
	struct buf copy = BUF_INIT;
	int rc;

	buf_addstr(&copy, text);
	if (copy.len && copy.data[copy.len - 1] == 'Z') {
		t->is_utc = true;
		copy.data[copy.len - 1] = '\0';
	}
	t->is_clock = where_type_clock(copy.data, &t->number) == 0;
	rc = t->is_clock ? 0 : where_type_time(copy.data, t->is_utc, &t->number);
	buf_release(&copy);
	return rc == 0 ? 0 : expected(t, text, e);
}

int term_value(struct where_term *t, const char *text, struct err *e)
{
	if (t->op == OP_REGEX)
		return term_regex(t, text, e);
	if (where_type_word(t->field->type, 0))
		return term_word(t, text, e);
	if (t->field->type == TYPE_TEXT)
		return term_text(t, text, e);
	if (t->field->type == TYPE_ADDRESS)
		return parse_address(&t->addr, text) ? 0 : expected(t, text, e);
	if (t->field->type == TYPE_TIME)
		return term_time(t, text, e);
	return where_type_parse(t->field->type, text, &t->number) == 0 ? 0 : expected(t, text, e);
}

int term_net(struct where_term *t, const char *text, struct err *e)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN] = "";
	unsigned bits = 0, most;
	size_t n = slash ? (size_t)(slash - text) : 0;

	if (n > 0 && n < sizeof(address))
		memcpy(address, text, n);
	if (!slash || !parse_address(&t->addr, address))
		return err_set(e, "expected a network such as 10.0.0.0/8 or 2001:db8::/32");
	most = t->addr.version == 4 ? 32 : 128;
	for (text = slash + 1; *text >= '0' && *text <= '9' && bits <= most; text++)
		bits = bits * 10 + (unsigned)(*text - '0');
	if (*text || text == slash + 1 || bits > most)
		return err_set(e, "expected the length of a prefix from 0 to %u", most);
	t->bits = bits;
	return 0;
}

/* "none" is no outcome to ask for by itself. */
static int term_outcome(struct where_term *t, const char *word)
{
	static const enum where_type types[] = { TYPE_HANDSHAKE, TYPE_CLOSE, TYPE_VERDICT,
		TYPE_VERDICT_KIND };
	const char *w;

	for (size_t k = 0; k < ARRAY_LEN(types); k++) {
		for (size_t i = 0; (w = where_type_word(types[k], i)); i++) {
			if (strcmp(word, w) != 0 || strcmp(word, "none") == 0)
				continue;
			t->op = OP_OUTCOME;
			t->word = w;
			return 0;
		}
	}
	return -1;
}

static int term_finding(struct where_term *t, const char *word)
{
	enum finding_id id = finding_by_name(word, strlen(word));

	if (id == FINDING_COUNT)
		return -1;
	t->op = OP_FINDING;
	t->number = id;
	return 0;
}

int term_word_alone(struct where_term *t, const char *word)
{
	return term_outcome(t, word) == 0 ? 0 : term_finding(t, word);
}

void term_release(struct where_term *t)
{
	pcre2_match_context_free(t->limits);
	pcre2_match_data_free(t->match);
	pcre2_code_free(t->regex);
}

static bool in_net(const struct where_term *t, const struct endpoint_addr *a)
{
	unsigned whole = t->bits / 8, rest = t->bits % 8;

	if (a->version != t->addr.version || memcmp(a->ip.b, t->addr.ip.b, whole) != 0)
		return false;
	return rest == 0 || (a->ip.b[whole] ^ t->addr.ip.b[whole]) >> (8 - rest) == 0;
}

static bool regex_match(const struct where_term *t, const struct where_value *v)
{
	struct buf text = BUF_INIT;
	bool found;

	if (v->addr)
		addr_text(&text, &v->addr->ip, v->addr->version);
	else
		buf_addstr(&text, v->word ? v->word : v->text);
	found =
	    pcre2_match(t->regex, (PCRE2_SPTR)text.data, text.len, 0, 0, t->match, t->limits) >= 0;
	buf_release(&text);
	return found;
}

static bool is_equal(const struct where_term *t, const struct where_value *v)
{
	if (v->addr)
		return v->addr->version == t->addr.version && addr_equal(&v->addr->ip, &t->addr.ip);
	if (v->word)
		return strcmp(v->word, t->word) == 0;
	if (t->field->type == TYPE_TEXT)
		return strcmp(v->text, t->text) == 0;
	return v->number == t->number;
}

static bool compare(const struct where_term *t, const struct where_value *v)
{
	switch (t->op) {
	case OP_EQ:
	case OP_NE:
		return is_equal(t, v);
	case OP_LT:
		return v->number < t->number;
	case OP_LE:
		return v->number <= t->number;
	case OP_GT:
		return v->number > t->number;
	case OP_GE:
		return v->number >= t->number;
	case OP_REGEX:
		return regex_match(t, v);
	case OP_NET:
		return in_net(t, v->addr);
	case OP_OUTCOME:
	case OP_FINDING:
	case OP_NONE:
		break;
	}
	return false;
}

static bool has_finding(const struct conn_record *r, int64_t id)
{
	for (uint32_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].id == id)
			return true;
	return false;
}

static bool is_outcome(const struct conn_record *r, const char *word)
{
	enum verdict_kind kind = (enum verdict_kind)r->verdict.kind;

	return strcmp(word, handshake_word(r->handshake)) == 0 ||
	       strcmp(word, close_word(r->close)) == 0 ||
	       strcmp(word, outcome_word(verdict_outcome(kind))) == 0 ||
	       strcmp(word, verdict_word(kind)) == 0;
}

/* Of both sides together. */
static bool match_sum(const struct where_term *t, const struct conn_record *r)
{
	struct where_value sum = { 0 };
	bool known = false;

	for (unsigned side = 0; side < 2; side++) {
		struct where_value v = { 0 };

		if (!t->field->get(r, &r->sides[side], &v))
			continue;
		known = true;
		if (__builtin_add_overflow(sum.number, v.number, &sum.number))
			sum.number = INT64_MAX;
	}
	return known && (t->op == OP_NE ? !compare(t, &sum) : compare(t, &sum));
}

/* `state` means the last states, too. */
static bool match_states(const struct where_term *t, const struct conn_record *r)
{
	unsigned sides;
	struct where_value v = { 0 };
	const struct where_field *states = where_field_find("states", &sides);

	for (unsigned side = 0; side < 2; side++)
		if (states->get(r, &r->sides[side], &v) && regex_match(t, &v))
			return true;
	return false;
}

/* `a != b` of either side: it is known of one at least, and none is b. */
static bool match_fields(const struct where_term *t, const struct conn_record *r)
{
	bool known = false, found = false;

	if (t->op == OP_OUTCOME)
		return is_outcome(r, t->word);
	if (t->op == OP_FINDING)
		return has_finding(r, t->number);
	if (t->sides == SIDES_EITHER && where_field_sums(t->field))
		return match_sum(t, r);
	if (t->op == OP_REGEX && t->field->type == TYPE_STANDING && match_states(t, r))
		return true;
	for (unsigned side = 0; side < 2; side++) {
		struct where_value v = { 0 };

		if (!(t->sides & 1u << side) || !t->field->get(r, &r->sides[side], &v))
			continue;
		known = true;
		found = found || compare(t, &v);
	}
	return t->op == OP_NE ? known && !found : found;
}

/* The time of day `days` after the day of `began`. */
static int64_t clock_time(const struct where_term *t, int64_t began, int days)
{
	time_t seconds = (time_t)(began / NS_PER_SEC);
	int64_t of_day = t->number / NS_PER_SEC;
	struct tm tm;

	if (!(t->is_utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)))
		return 0;
	tm.tm_mday += days;
	tm.tm_hour = (int)(of_day / 3600);
	tm.tm_min = (int)(of_day / 60 % 60);
	tm.tm_sec = (int)(of_day % 60);
	tm.tm_isdst = -1;
	return (t->is_utc ? timegm(&tm) : mktime(&tm)) * NS_PER_SEC + t->number % NS_PER_SEC;
}

static bool match_clock(const struct where_term *t, const struct conn_record *r, int64_t began)
{
	struct where_term at = *t;

	at.number = clock_time(t, began, 0);
	if (began - at.number > HALF_A_DAY)
		at.number = clock_time(t, began, 1);
	return match_fields(&at, r);
}

bool term_match(const struct where_term *t, const struct conn_record *r, int64_t began)
{
	return t->is_clock ? match_clock(t, r, began) : match_fields(t, r);
}
