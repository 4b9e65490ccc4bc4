
/*
 * Copyright (C) The ngx_gemini_router authors
 *
 * Memory for a scanner of bodies: blocks of their very size, freed at once.
 */


#ifndef _HEAP_H_INCLUDED_
#define _HEAP_H_INCLUDED_


#include <stddef.h>
#include <stdlib.h>


#define HEAP_BLOCKS  16


typedef struct {
    void                      *blocks[HEAP_BLOCKS];
    unsigned                   used;
    unsigned                   limit;      /* the next block is refused */
} heap_t;


static inline void heap_init(heap_t *heap);
static inline void *heap_alloc(void *data, size_t size);
static inline void heap_free(heap_t *heap);


static inline void
heap_init(heap_t *heap)
{
    heap->used = 0;
    heap->limit = HEAP_BLOCKS;
}


static inline void *
heap_alloc(void *data, size_t size)
{
    heap_t *heap = data;

    if (heap->used == heap->limit) {
        return NULL;
    }

    heap->blocks[heap->used] = malloc(size);

    return heap->blocks[heap->used++];
}


static inline void
heap_free(heap_t *heap)
{
    while (heap->used) {
        free(heap->blocks[--heap->used]);
    }
}


#endif /* _HEAP_H_INCLUDED_ */
