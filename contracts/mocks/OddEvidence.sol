// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title OddEvidence
/// @notice Stands where a booking names other evidence (`IDeliveryEvidence`), and answers as it likes.
contract OddEvidence {
    /// @notice What it does when asked: proves anything, refuses with a reason or without one, asks for gas without
    /// end, or calls back first and proves then.
    enum Answer {
        NULL,
        PROVE,
        REFUSE,
        REVERT,
        BURN,
        CALL_BACK
    }

    /// @notice What it refuses with.
    error NotProven();

    /// @notice How this one answers.
    Answer public immutable answer;
    /// @notice What it calls of the one who asks.
    bytes public call;

    constructor(Answer answer_) {
        answer = answer_;
    }

    /// @notice Sets what it calls of the one who asks.
    function setCall(bytes calldata call_) external {
        call = call_;
    }

    /// @notice Any other call is taken for the question.
    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        Answer kind = answer;
        if (kind == Answer.REFUSE) revert NotProven();
        // solhint-disable-next-line reason-string, gas-custom-errors
        if (kind == Answer.REVERT) revert();
        if (kind == Answer.BURN) while (true) {}
        if (kind == Answer.CALL_BACK) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool done,) = msg.sender.call(call);
            done;
        }
    }
}
