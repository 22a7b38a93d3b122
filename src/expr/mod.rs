//! The three small languages inside a pipeline: jq decides, Jinja writes text, shapes say what an output must look like.
