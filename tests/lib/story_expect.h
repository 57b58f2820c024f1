/* SPDX-License-Identifier: MIT */
/*
 * story_expect - the words of expectations: shared by their parser and their checker.
 */
#ifndef TESTS_LIB_STORY_EXPECT_H
#define TESTS_LIB_STORY_EXPECT_H

#include "lib/story.h"

enum expect_form {
	FORM_COUNT,      /* word N: a 32-bit field of the record */
	FORM_SIDE_COUNT, /* word A N: a 64-bit field of one side */
	FORM_BOOL,       /* word yes|no */
	FORM_WORD,       /* word NAME */
	FORM_TEXT,       /* word TEXT: a string of the record */
	FORM_SPENT,      /* spent WORD SPAN: what the time went into */
	FORM_SPAN,       /* word SPAN: a 64-bit time of the record, ns */
	FORM_CLIENT,     /* client A */
	FORM_ONE_SIDED,  /* one-sided A|none */
	FORM_ORDER,      /* order A [B] | none */
	FORM_STATES,     /* state A NAME, B NAME */
	FORM_PATH,       /* path A NAME NAME? ... */
	FORM_NOTE,       /* note N [!]NAME,... */
	FORM_TOTAL,      /* connections N: of the whole result */
	FORM_SKIPPED,    /* skipped N: frames without a segment */
	FORM_FINDING,    /* finding NAME [A] [certain|likely|possible] [count N] [cost SPAN] */
	FORM_NO_FINDING, /* no-finding NAME */
	FORM_CALM,       /* findings none: none of severity warn or error */
	FORM_SELECT,     /* connection N: the lines below speak of it */
};

struct story_expect_row {
	const char *word;
	enum expect_form form;
	size_t at;                     /* offset of the field */
	const char *(*name)(unsigned); /* FORM_WORD: word of the field's value */
	unsigned nnames;               /* FORM_WORD: values are below this */
};

/* Index of a note's word, SEGMENT_NOTE_COUNT when there is none. */
unsigned story_note_find(const char *word);

#endif
