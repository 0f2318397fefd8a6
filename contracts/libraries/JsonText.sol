// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title JsonText
/// @notice Words of the chain as JSON strings, safe whatever they hold.
library JsonText {
    bytes1 private constant _FIRST_PRINTABLE = 0x20;
    bytes1 private constant _LAST_PRINTABLE = 0x7e;

    /// @notice The JSON string, in its quotes, of a word: as text when it is printable ASCII padded with zeros, else as 0x and 64 digits.
    function ofWord(bytes32 word) internal pure returns (string memory) {
        uint256 length = _textLength(word);
        if (word == 0) return '""';
        if (length == 0) return string.concat('"', Strings.toHexString(uint256(word), 32), '"');

        // Twice the length at most, since each character may need a backslash.
        bytes memory escaped = new bytes(2 * length + 2);
        uint256 end = 0;
        escaped[end++] = '"';
        for (uint256 i = 0; i < length; ++i) {
            if (word[i] == '"' || word[i] == "\\") escaped[end++] = "\\";
            escaped[end++] = word[i];
        }
        escaped[end++] = '"';
        assembly ("memory-safe") {
            mstore(escaped, end)
        }
        return string(escaped);
    }

    /// @dev Bytes of text before the padding; zero when the word is no text.
    function _textLength(bytes32 word) private pure returns (uint256 length) {
        while (length < 32 && word[length] >= _FIRST_PRINTABLE && word[length] <= _LAST_PRINTABLE) {
            ++length;
        }
        if (word << (8 * length) != 0) return 0;
    }
}
