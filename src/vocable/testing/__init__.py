"""Check the laws of vocable, on its parts or on your own.

Each checker is one function that returns nothing and raises AssertionError, saying what broke the
law, where and by how much. `blocks()`, `quantizers()`, `codecs()`, `tokenizers()`, `layouts()` and
`tokens()` are the examples that vocable's own tests run every law over.

1 exact length      check_exact_length
2 whole == steps    check_steps_equal_whole, check_old_state_unharmed, check_lookahead;
                    check_streams_equal_whole for codecs, check_codes_agree for codes
3 batch == singles  check_batch_equals_singles, check_rows_join_and_leave;
                    check_recordings_equal_singles for codecs
4 nested            check_nested; check_prefixes for codecs
5 no loss           check_layout_no_loss, check_vocabulary_no_loss, check_file_no_loss,
                    check_damage_is_noticed; check_layout_is_legal and
                    check_layout_recovers for what is written step by step,
                    check_joint_no_loss for parts of several kinds
6 identity          check_identity
7 bounded           check_state_bounded, check_streams_bounded, check_bounded
8 clear refusal     check_clear_refusal
9 host settings     check_codec_ignores_settings, check_quantizer_ignores_settings,
                    check_block_ignores_settings, check_settings_ignored,
                    check_tensors_are_ordinary
"""

from vocable.testing.block_examples import blocks
from vocable.testing.block_laws import (
    check_batch_equals_singles,
    check_lookahead,
    check_old_state_unharmed,
    check_rows_join_and_leave,
    check_state_bounded,
    check_steps_equal_whole,
)
from vocable.testing.codec_examples import codecs, tokenizers, voice
from vocable.testing.codec_laws import (
    check_exact_length,
    check_identity,
    check_prefixes,
    check_recordings_equal_singles,
    check_streams_bounded,
    check_streams_equal_whole,
)
from vocable.testing.host_laws import (
    check_block_ignores_settings,
    check_codec_ignores_settings,
    check_quantizer_ignores_settings,
    check_settings_ignored,
    check_tensors_are_ordinary,
)
from vocable.testing.host_settings import host_settings
from vocable.testing.layout_laws import (
    check_joint_no_loss,
    check_layout_is_legal,
    check_layout_recovers,
)
from vocable.testing.limits import check_bounded, check_clear_refusal
from vocable.testing.quantizer_examples import quantizers
from vocable.testing.quantizer_laws import check_nested
from vocable.testing.ties import check_codes_agree
from vocable.testing.token_examples import lasting, layouts, tokens
from vocable.testing.token_laws import (
    check_damage_is_noticed,
    check_file_no_loss,
    check_layout_no_loss,
    check_vocabulary_no_loss,
)

__all__ = [
    "blocks",
    "check_batch_equals_singles",
    "check_block_ignores_settings",
    "check_bounded",
    "check_clear_refusal",
    "check_codec_ignores_settings",
    "check_codes_agree",
    "check_damage_is_noticed",
    "check_exact_length",
    "check_file_no_loss",
    "check_identity",
    "check_joint_no_loss",
    "check_layout_is_legal",
    "check_layout_no_loss",
    "check_layout_recovers",
    "check_lookahead",
    "check_nested",
    "check_old_state_unharmed",
    "check_prefixes",
    "check_quantizer_ignores_settings",
    "check_recordings_equal_singles",
    "check_rows_join_and_leave",
    "check_settings_ignored",
    "check_state_bounded",
    "check_steps_equal_whole",
    "check_streams_bounded",
    "check_streams_equal_whole",
    "check_tensors_are_ordinary",
    "check_vocabulary_no_loss",
    "codecs",
    "host_settings",
    "lasting",
    "layouts",
    "quantizers",
    "tokenizers",
    "tokens",
    "voice",
]
