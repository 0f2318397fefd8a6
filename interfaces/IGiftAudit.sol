// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDonationRegistry} from "./IDonationRegistry.sol";

/// @title IGiftAudit
/// @notice What auditors say of lots received as gifts, and whether the corrections of a gift are all there.
/// @dev Trust: an auditor's word marks a lot wherever it is shown, and stops nothing.
interface IGiftAudit {
    /// @notice What an auditor says of a lot received.
    enum Verdict {
        NULL,
        ATTESTED,
        REFUSED
    }

    /// @notice An auditor's word on a lot received, signed (EIP-712).
    /// @param head The gift's head, so that the word is on these declarations. @param evidence Hash of the report. @param nonce The auditor's `nonces`. @param deadline Last unix second at which it is good.
    struct LotAttestation {
        address auditor;
        uint64 gift;
        uint64 lot;
        bytes32 head;
        Verdict verdict;
        bytes32 evidence;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice The newest word on a lot received. @param version Number of corrections when it was given: with a later one the word is outdated.
    struct Word {
        address auditor; // slot 0
        uint40 at;
        Verdict verdict;
        uint32 version;
    }

    /// @notice One correction, as its event tells it.
    struct Correction {
        address author;
        bytes32 field;
        bytes32 value;
        bytes32 reason;
    }

    event LotAttested(
        uint64 indexed gift,
        uint64 indexed lot,
        address indexed auditor,
        Verdict verdict,
        uint32 version,
        bytes32 evidence
    );

    error OtherLot(uint64 gift, uint64 lot);
    error OtherHead(uint64 gift, bytes32 head);
    error BadVerdict();
    /// @notice Not an active auditor for the intermediary's region, or of the organisation of who gave or counted.
    error NotIndependent(uint64 gift, address auditor);
    error SignatureExpired(uint40 deadline);

    // --- reads ---

    /// @notice The newest word of an auditor on the gift's lot; verdict NULL when there is none.
    function attestationOf(uint64 giftId) external view returns (Word memory);

    /// @notice The first head of a gift in kind: `keccak256(abi.encode(gift, donor, terms))`.
    function firstHeadOf(uint64 giftId, address donor, IDonationRegistry.Pledge calldata terms)
        external
        pure
        returns (bytes32);

    /// @notice True when `corrections`, in order, lead from the head `first` to the gift's head and are all that there are. @dev Reverts with `UnknownGift`.
    function isWholeChain(uint64 giftId, bytes32 first, Correction[] calldata corrections)
        external
        view
        returns (bool);

    /// @notice Type of `LotAttestation`: "LotAttestation(address auditor,uint64 gift,uint64 lot,bytes32 head,uint8 verdict,bytes32 evidence,uint256 nonce,uint40 deadline)".
    function LOT_ATTESTATION_TYPEHASH() external view returns (bytes32);

    // --- auditors ---

    /// @notice Records an auditor's word on a lot received; anyone may submit it. A later word replaces an earlier one, whose event stays.
    /// @dev The auditor is active, its region contains the intermediary's, and it is of another organisation than donor and intermediary. Emits `LotAttested`. It marks; it stops nothing.
    function attestLot(LotAttestation calldata word, bytes calldata signature) external;
}
