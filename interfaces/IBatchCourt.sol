// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "./IConditionMonitor.sol";
import {IFreightEscrow} from "./IFreightEscrow.sol";

/// @title IBatchCourt
/// @notice What becomes of a batch when its readings are laid open: split at a handover, convicted, or void because they were not shown.
/// @dev Evidence decides, nobody's word: two adjacent leaves that do not follow from one another, or a leaf that contradicts its batch's summary. Who lays it
/// open, and in which order with other evidence, changes neither what is void nor what a carrier is owed:
/// - a void batch is silence; its exposure counts for nobody, if it is void before the consignment ends. After the end nothing is taken back from carriers;
/// - with the first proof the whole bond of the watch is forfeited: a fifth of it to the finder (nothing, when it is of the operator's organisation);
/// - each leg's carrier that a false exposure has cost freight (the batch overstates and counted when the consignment ended) has the leg's whole freight from it,
///   once. The bond is a quarter more than all freight, so that neither the finder nor an earlier claim can leave a carrier short;
/// - the rest goes to the payer when the time for evidence is over.
/// An operator so gains nothing by lying for anybody: whatever a lie wins for one side of the booking, its bond pays to the other. That a stranger in its pay finds
/// the lie saves it a fifth at the most, which is what lies above the freight. Whoever finds is not protected from being copied by a faster sender;
/// the parties who were harmed are paid all the same.
interface IBatchCourt {
    /// @notice A batch on record.
    /// @param watch Of its device. @param later What is told of the batches after it, in order, up to the last on record.
    struct Recorded {
        IConditionMonitor.Watch watch;
        IConditionMonitor.Batch batch;
        IConditionMonitor.Point[] later;
    }

    /// @notice A reading as its device committed to it.
    /// @param temperatureExposure Running, centidegree-seconds. @param humidityExposure Running, centipercent-seconds.
    struct Leaf {
        uint64 index;
        uint40 time;
        int16 temperature;
        uint16 humidity;
        uint64 temperatureExposure;
        uint64 humidityExposure;
    }

    /// @notice A leaf with its proof under the root of its batch (OpenZeppelin standard tree).
    struct Shown {
        Leaf leaf;
        bytes32[] proof;
    }

    /// @notice A leaf that a party wants to see.
    /// @param batch Struct hash of the batch in which it is. @param until Last unix second at which it can be shown; zero when nothing is open. @param made Demands so far.
    struct Demand {
        bytes32 batch; // slot 0
        uint64 index; // slot 1
        uint40 until;
        uint8 made;
    }

    /// @notice Where a watch stands.
    /// @param isForfeited A batch was convicted or not shown. @param isReleased Nothing is locked for it any more. @param finderPaid Base units of the currency.
    /// @param legsPaid A bit for each leg whose carrier has had its freight from the bond. @param early A bit for each batch that was void before the consignment ended.
    struct Case {
        bool isForfeited; // slot 0
        bool isReleased;
        uint8 legsPaid;
        uint128 finderPaid;
        uint256 early; // slot 1
    }

    event BatchConvicted(
        uint64 indexed consignment,
        address indexed device,
        uint32 sequence,
        address indexed finder,
        bool overstated
    );
    event LeafDemanded(
        uint64 indexed consignment,
        address indexed device,
        address indexed party,
        uint32 sequence,
        uint64 index,
        uint40 until
    );
    event LeafShown(
        uint64 indexed consignment, address indexed device, address indexed party, Leaf leaf
    );
    event DemandLapsed(
        uint64 indexed consignment, address indexed device, address indexed party, uint32 sequence
    );
    event WatchReleased(
        uint64 indexed consignment, address indexed device, address to, uint128 amount
    );

    error NotParty(uint64 consignment, address caller);
    error WrongBooking(uint64 consignment, bytes32 booking);
    error NotInBatch(uint64 index);
    error NotNeighbours(uint64 before, uint64 later);
    /// @notice Both leaves, or the leaf and the summary, can be true.
    error NoContradiction();
    /// @notice The evidence changes nothing: the batch is void, the bond forfeited and no carrier owed anything by it.
    error NothingNew(uint64 consignment, uint32 sequence);
    error NotBetween(uint40 time);
    error DemandOpen(uint64 consignment, address party);
    error NoDemand(uint64 consignment, address party);
    error TooManyDemands(uint64 consignment, address party, uint8 most);
    error WrongLeaf(uint64 expected, uint64 given);
    error WrongBatch(bytes32 expected, bytes32 given);
    error TooLate(uint40 until);
    error NotYet(uint40 from);
    error StillOpen(uint64 consignment);
    error Released(uint64 consignment, address device);

    /// @notice Seconds after the end of a consignment in which evidence is heard and leaves are demanded.
    function CHALLENGE() external view returns (uint40);
    /// @notice Seconds in which a demanded leaf is to be shown.
    function ANSWER() external view returns (uint40);
    /// @notice Seconds left after the last answer could come, in which a demand that was not answered can be told.
    function GRACE() external view returns (uint40);
    /// @notice Most demands of a party for a watch.
    function MAX_DEMANDS() external view returns (uint8);

    /// @notice Where a watch stands.
    function caseOf(uint64 consignment, address device) external view returns (Case memory);

    /// @notice What a party has demanded.
    function demandOf(uint64 consignment, address device, address party)
        external
        view
        returns (Demand memory);

    /// @notice Splits a batch at a change of custody by the two readings around it, for whoever settles: so the leg that had custody answers for its part. Anyone calls.
    /// @param recorded The batch in which `before` is. @param next The batch after it when `later` is its first reading, else none.
    /// @param time Unix second of the change: not before the one reading, before the other. What is told of a time at which custody did not change is never asked for.
    /// @dev The part of the interval up to `time` is reckoned on the line between both readings, rounded down, see `Telemetry.exposureRoundedDown`.
    /// Emits `BatchSplit`. Reverts with `NotBetween`, `NotNeighbours`, `NotInBatch`, `IConditionMonitor.NotOnRecord`.
    function proveSplit(
        Recorded calldata recorded,
        IConditionMonitor.Batch[] calldata next,
        uint40 time,
        Shown calldata before,
        Shown calldata later
    ) external;

    /// @notice Convicts a batch by a leaf that contradicts its summary: outside its indices, times or extremes, above its exposure, or not the last that it should be. Anyone calls.
    /// @dev Up to `CHALLENGE` after the end of the consignment. Emits `BatchConvicted`, `BatchVoided`, `BondPaid`.
    function convictLeaf(
        Recorded calldata recorded,
        IFreightEscrow.Booking calldata booking,
        Shown calldata shown
    ) external;

    /// @notice Convicts a batch by two adjacent leaves that do not follow from one another: in index, time, exposure or gap; or by two leaves of one index. Anyone calls.
    /// @param recorded The batch in which `before` is. @param next The batch after it when `later` is its first reading, which then is the one convicted.
    /// @dev As `convictLeaf`.
    function convictPair(
        Recorded calldata recorded,
        IConditionMonitor.Batch[] calldata next,
        IFreightEscrow.Booking calldata booking,
        Shown calldata before,
        Shown calldata later
    ) external;

    /// @notice A party of the booking (payer, consignee, seller, carrier) wants to see a leaf. One at a time, and `MAX_DEMANDS` for a watch.
    /// @dev Emits `LeafDemanded`.
    function demandLeaf(
        Recorded calldata recorded,
        IFreightEscrow.Booking calldata booking,
        uint64 index
    ) external;

    /// @notice Shows a leaf that was demanded. Anyone calls, within `ANSWER`. @dev Emits `LeafShown`.
    function showLeaf(
        IConditionMonitor.Batch calldata batch,
        address device,
        address party,
        Shown calldata shown
    ) external;

    /// @notice A leaf was not shown in time: its batch is void, as if it were convicted by the party. Anyone calls.
    /// @dev What the batch says counts as overstated when the party is the carrier in whose custody it ends. Emits `DemandLapsed`, and as `convictLeaf`.
    function lapseDemand(
        IConditionMonitor.Batch calldata batch,
        address device,
        IFreightEscrow.Booking calldata booking,
        address party
    ) external;

    /// @notice Releases what is locked for a watch, `CHALLENGE` + `ANSWER` + `GRACE` after the end of its consignment: to the operator's purse, or what is left of it to the payer when it
    /// was forfeited. Anyone calls. @dev Emits `WatchReleased`, and `BondFreed` or `BondPaid`.
    function release(uint64 consignment, address device, IFreightEscrow.Booking calldata booking)
        external;
}
