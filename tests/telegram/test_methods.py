"""What is known of the Bot API's methods."""

from __future__ import annotations

import pytest

from botyard.sandbox.params import METHODS
from botyard.telegram.methods import (
    EDIT_METHODS,
    MESSAGE_METHODS,
    REPEATABLE,
    counts_as_message,
    is_repeatable,
    takes_paid_broadcast,
)


@pytest.mark.parametrize(
    "method", ["sendMessage", "sendMediaGroup", "copyMessages", "forwardMessage", "sendInvoice"]
)
def test_what_puts_a_message_into_a_chat_counts_and_is_not_repeated(method: str) -> None:
    assert counts_as_message(method)
    assert not is_repeatable(method)


@pytest.mark.parametrize(
    "method",
    [
        "getMe",
        "getUpdates",
        "setMyCommands",
        "setWebhook",
        "answerCallbackQuery",
        "answerPreCheckoutQuery",
        "deleteMessage",
        "editMessageText",
        "banChatMember",
        "unbanChatMember",
        "approveChatJoinRequest",
        "createInvoiceLink",
        "revokeChatInviteLink",
        "sendChatAction",
    ],
)
def test_what_may_be_repeated_is_no_message(method: str) -> None:
    assert is_repeatable(method)
    assert not counts_as_message(method)


@pytest.mark.parametrize(
    "method",
    [
        "refundStarPayment",
        "giftPremiumSubscription",
        "transferGift",
        "createForumTopic",
        "addStickerToSet",
        "postStory",
        "unpinChatMessage",
        "logOut",
        "noSuchMethod",
    ],
)
def test_what_is_neither(method: str) -> None:
    assert not is_repeatable(method)
    assert not counts_as_message(method)


def test_no_message_is_repeatable_and_every_edit_is() -> None:
    assert not MESSAGE_METHODS & REPEATABLE
    assert EDIT_METHODS <= REPEATABLE


def test_what_can_be_paid_for_is_what_has_the_parameter() -> None:
    with_it = {
        model.__api_method__ for model in METHODS.values() if "allow_paid_broadcast" in model.model_fields
    }
    assert with_it == {
        model.__api_method__ for model in METHODS.values() if takes_paid_broadcast(model.__api_method__)
    }
    assert {"sendMessage", "copyMessage"} <= with_it
