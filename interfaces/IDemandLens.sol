// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IDemandLens
/// @notice Why a demand is not met: one reason, from what the chain knows at this moment.
/// @dev Reads only; nothing depends on it.
interface IDemandLens {
    /// @notice From what the demand itself lacks, in the order in which it is looked for, to what the offers lack, the nearest to success last.
    /// MET: all units are allocated. ENDED: withdrawn, or its time is over. SUSPENDED: its recipient is. STORAGE: who runs its station is suspended,
    /// so that the station takes nothing in. CONTESTED: a contest runs. REFUSED: an auditor has refused the facts, and two others have not attested them. CAPPED: it needs a second auditor,
    /// its recipient having asked for more than the material's cap. UNAUDITED: nobody attests it, and no fast path will have it.
    /// NO_SUPPLY: none of the offers looked at has units of the material. RECALLED: those that have are of recalled lots.
    /// EARMARK: those not recalled are meant for others. EXPIRY: those meant for it, too, end before it needs them.
    /// OUTRANKED: an offer would do, but more urgent demand is open in its scope. AVAILABLE: an offer would do, and may serve it now.
    enum Unmet {
        NULL,
        MET,
        ENDED,
        SUSPENDED,
        STORAGE,
        CONTESTED,
        REFUSED,
        CAPPED,
        UNAUDITED,
        NO_SUPPLY,
        RECALLED,
        EARMARK,
        EXPIRY,
        OUTRANKED,
        AVAILABLE
    }

    error BadPage(uint64 from, uint64 to);

    /// @notice Most offers looked at in one call.
    function MAX_OFFERS() external view returns (uint64);

    /// @notice Why the demand is not met, among the newest offers, at most `MAX_OFFERS`.
    /// @dev Reverts with `UnknownDemand`.
    function whyUnmet(uint64 demandId) external view returns (Unmet);

    /// @notice The same among the offers `from` to `to`, both included. Of several pages the greatest answer is that of all.
    /// @dev Reverts with `BadPage` where they are none, more than `MAX_OFFERS`, or more than there are.
    function whyUnmetAmong(uint64 demandId, uint64 from, uint64 to) external view returns (Unmet);
}
