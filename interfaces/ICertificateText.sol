// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDonationRegistry} from "./IDonationRegistry.sol";

/// @title ICertificateText
/// @notice The text of a gift's certificate, composed from the chain alone; holds no state.
interface ICertificateText {
    /// @notice Most consignments named in the certificate of a gift in money; `complete` says whether these are all.
    function MAX_NAMED() external view returns (uint256);

    /// @notice Metadata of a certificate as `data:application/json;base64,...`: name, description, attributes as ERC-721 has them, and under `gift`, `goods` and `units`, or
    /// `gift` and `money`, the record: units by state as the ledger counts them now, money by consignment as the fund has used it up. Amounts of money are decimal strings in base units.
    /// Of goods also whether the lot is recalled now, and what an auditor says of it: "none", "attested", "refused", or "outdated" when declarations were corrected since. An unnamed donor is shown as who claimed the gift.
    /// @param giftId The gift's id. @param gift Its record.
    function uriOf(uint64 giftId, IDonationRegistry.Gift calldata gift)
        external
        view
        returns (string memory);
}
