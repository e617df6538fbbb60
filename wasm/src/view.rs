//! Row-major f32 matrices in linear memory whose rows may lie apart: the backend's tensors.
//!
//! A view hands out one row, or a part of one, at a time, because rows of two views may interleave in one buffer
//! (columns of a wider matrix) and several threads may write different parts of one row.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::ops::Range;

/// A matrix to read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    first: *const f32,
    rows: usize,
    columns: usize,
    stride: usize,
    memory: PhantomData<&'a f32>,
}

/// A matrix to write.
pub struct ViewMut<'a> {
    first: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    memory: PhantomData<&'a mut f32>,
}

impl<'a> View<'a> {
    /// A matrix of `rows` rows, whose starts are `stride` elements apart.
    ///
    /// # Safety
    /// Every row lies in memory that stays valid, and is not written, for `'a`.
    pub unsafe fn new(first: *const f32, rows: usize, columns: usize, stride: usize) -> Self {
        Self { first, rows, columns, stride, memory: PhantomData }
    }

    /// Rows one behind the other.
    pub fn packed(values: &'a [f32], columns: usize) -> Self {
        assert_eq!(values.len() % columns, 0);
        Self {
            first: values.as_ptr(),
            rows: values.len() / columns,
            columns,
            stride: columns,
            memory: PhantomData,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`.
    #[inline(always)]
    pub fn row(&self, index: usize) -> &'a [f32] {
        assert!(index < self.rows);
        // SAFETY: the constructor's caller vouches for every row below `rows`.
        unsafe { core::slice::from_raw_parts(self.first.add(index * self.stride), self.columns) }
    }
}

impl<'a> ViewMut<'a> {
    /// A matrix of `rows` rows, whose starts are `stride` elements apart.
    ///
    /// # Safety
    /// Every row lies in memory that stays valid for `'a`, and what is written through this view is not accessed otherwise.
    pub unsafe fn new(first: *mut f32, rows: usize, columns: usize, stride: usize) -> Self {
        Self { first, rows, columns, stride, memory: PhantomData }
    }

    /// Rows one behind the other.
    pub fn packed(values: &'a mut [f32], columns: usize) -> Self {
        assert_eq!(values.len() % columns, 0);
        let rows = values.len() / columns;
        Self { first: values.as_mut_ptr(), rows, columns, stride: columns, memory: PhantomData }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `index`.
    #[inline(always)]
    pub fn row(&mut self, index: usize) -> &mut [f32] {
        self.part(index, 0..self.columns)
    }

    /// Some columns of row `index`.
    #[inline(always)]
    pub fn part(&mut self, index: usize, columns: Range<usize>) -> &mut [f32] {
        assert!(index < self.rows && columns.start <= columns.end && columns.end <= self.columns);
        // SAFETY: the constructor's caller vouches for every row below `rows`.
        unsafe {
            let start = self.first.add(index * self.stride + columns.start);
            core::slice::from_raw_parts_mut(start, columns.len())
        }
    }
}
