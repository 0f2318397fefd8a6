// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title OddWallet
/// @notice A wallet contract that answers the question for a signature in a way it should not.
contract OddWallet {
    /// @notice What it answers: the right selector with dirt behind it, one as a number, four bytes instead of a
    /// word, a revert with the right selector, nothing before its gas is gone, or a megabyte.
    enum Answer {
        NULL,
        DIRTY,
        TRUE,
        SHORT,
        REVERT,
        BURN,
        BOMB
    }

    /// @notice How this one answers.
    Answer public immutable answer;

    constructor(Answer answer_) {
        answer = answer_;
    }

    /// @notice Any call is taken for the question.
    // solhint-disable-next-line no-complex-fallback
    fallback() external {
        bytes32 yes = bytes32(IERC1271.isValidSignature.selector);
        Answer kind = answer;
        if (kind == Answer.DIRTY) _return(bytes32(uint256(yes) | 1), 32);
        if (kind == Answer.TRUE) _return(bytes32(uint256(1)), 32);
        if (kind == Answer.SHORT) _return(yes, 4);
        if (kind == Answer.BOMB) _return(yes, 1_000_000);
        if (kind == Answer.BURN) while (true) {}
        assembly ("memory-safe") {
            mstore(0x00, yes)
            revert(0x00, 0x20)
        }
    }

    function _return(bytes32 word, uint256 length) private pure {
        assembly {
            let start := mload(0x40)
            mstore(start, word)
            return(start, length)
        }
    }
}
