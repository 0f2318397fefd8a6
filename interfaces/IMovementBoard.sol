// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "./ILogisticsNetwork.sol";

/// @title IMovementBoard
/// @notice Where each consignment was, is, is held up, and goes next.
/// @dev Where it was and goes next is the ledger's to say (`CustodyChanged`, `routeOf`), the legs with their times are in `IFreightEscrow.ConsignmentBooked`. Here stands what
/// holds it up, in the word of who has it or of the station where it is or is due next: a word that moves neither goods nor money.
/// It is over when it is lifted, when the goods pass on, or when the consignment ends.
interface IMovementBoard {
    /// @notice What holds a consignment up. @param station Where. @param since Unix seconds when it was told. @param sequence Changes of custody before it.
    struct Detention {
        address by; // slot 0
        uint40 since;
        uint32 station;
        uint8 sequence;
        ILogisticsNetwork.Hindrance reason;
    }

    /// @notice Where a consignment is.
    /// @param custodian Who has it. @param station Where it changed hands last, or rests. @param since Unix seconds of that. @param isMoving True between pick-up and its end.
    /// @param nextStation Where it is due next, by the booking; zero where it has ended. @param nextCustodian Who takes it there.
    /// @param detention What holds it up now; all zero when nothing does.
    struct Position {
        address custodian;
        uint32 station;
        uint40 since;
        bool isMoving;
        uint32 nextStation;
        address nextCustodian;
        Detention detention;
    }

    event Detained(
        uint64 indexed consignment,
        uint32 indexed station,
        address indexed by,
        ILogisticsNetwork.Hindrance reason,
        bytes32 note
    );
    event Resumed(uint64 indexed consignment, address indexed by);

    error NoReason();
    /// @notice It has ended: nothing can hold it up.
    error HasEnded(uint64 consignment);
    error NotDetained(uint64 consignment);
    /// @notice The caller neither has the goods nor runs the station.
    error NotResponsible(uint64 consignment, address caller);
    /// @notice The goods are not there, nor due there next.
    error NotOnTheWay(uint64 consignment, uint32 station);

    /// @notice Where a consignment is now. @dev Reverts with `IMaterialLedger.UnknownLoad`.
    function positionOf(uint64 consignment) external view returns (Position memory);

    /// @notice Whoever has the goods, or runs the station where they changed hands last or are due next, says that they are held up there, and why. A later word stands in for an earlier one.
    /// @param note Hash or short text of the particulars, or zero. @dev Emits `Detained`.
    function detain(
        uint64 consignment,
        uint32 station,
        ILogisticsNetwork.Hindrance reason,
        bytes32 note
    ) external;

    /// @notice Whoever said that they are held up, or has the goods, says that they go on. @dev Emits `Resumed`.
    function resume(uint64 consignment) external;
}
