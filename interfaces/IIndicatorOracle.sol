// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IIndicatorOracle
/// @notice Observations signed by independent reporters, agreed by their median; each series a feed with AggregatorV3Interface.
/// @dev Of n reporters, n >= 3f + 1, a bundle of at least 2f + 1 sets a value: with f liars the median lies within the honest range (INV-EMG-1).
/// For one day a later data date is a revision and wins; for the same data date the larger bundle, then the lower bundle hash: the order of arrival does not matter (INV-EMG-2).
interface IIndicatorOracle {
    /// @param decimals Of the value. @param accumulating True for counts that should not fall; a fall is accepted as a correction and flagged.
    /// @param maximum Largest sane value.
    struct Indicator {
        uint8 decimals; // slot 0
        bool accumulating;
        bool defined;
        uint64 maximum;
        bytes32 unit; // slot 1
    }

    /// @notice The agreed figure of a day.
    /// @param dataDate Unix day on which the data was published. @param reporters Bundle's size. @param revision How often it was replaced. @param fell True when an accumulating value is below the day before's; said as of the moment of reading, since the day before may be revised.
    struct Figure {
        uint64 value; // slot 0
        uint32 dataDate;
        uint16 reporters;
        uint16 revision;
        uint40 updatedAt;
        bool fell;
        bytes32 bundle; // slot 1
    }

    /// @notice What a reporter signs, see `OBSERVATION_TYPEHASH`.
    /// @param day Unix day (seconds / 86,400) to which the value belongs. @param dataDate Unix day of the publication; its sequence.
    struct Observation {
        bytes32 indicator;
        bytes32 region;
        uint32 day;
        uint64 value;
        uint32 dataDate;
        uint40 deadline;
    }

    /// @notice A day's observations of several reporters, in ascending order of their addresses.
    struct Bundle {
        bytes32 indicator;
        bytes32 region;
        uint32 day;
        uint32 dataDate;
        uint40 deadline;
        address[] reporters;
        uint64[] values;
        bytes[] signatures;
    }

    event IndicatorDefined(bytes32 indexed indicator, Indicator definition);
    event ReportersSet(address[] reporters, uint8 faults);
    event FeedOpened(bytes32 indexed indicator, bytes32 indexed region, address feed);
    event FigureSet(
        bytes32 indexed indicator,
        bytes32 indexed region,
        uint32 indexed day,
        uint64 value,
        uint32 dataDate,
        uint16 reporters,
        uint16 revision,
        bool fell
    );
    event BundleKept(
        bytes32 indexed indicator,
        bytes32 indexed region,
        uint32 indexed day,
        bytes32 bundle,
        bytes32 standing
    );

    error UnknownIndicator(bytes32 indicator);
    error IndicatorExists(bytes32 indicator);
    error UnknownRegion(bytes32 region);
    error FeedExists(bytes32 indicator, bytes32 region);
    error NoFeed(bytes32 indicator, bytes32 region);
    error BadIndicator(bytes32 indicator);
    error TooFewReporters(uint256 given, uint256 needed);
    error TooManyReporters(uint256 given, uint256 most);
    error ReportersOutOfOrder(address reporter);
    error NotReporter(address reporter);
    error SameOrganisation(address reporter, address other);
    error BelowQuorum(uint256 given, uint256 needed);
    error LengthMismatch();
    error DayInFuture(uint32 day);
    error DataDateInFuture(uint32 dataDate);
    error DataBeforeDay(uint32 day, uint32 dataDate);
    error Expired(uint40 deadline);
    error BadSignature(address signer);
    error Insane(address reporter, uint64 value, uint64 maximum);
    error SameBundle(bytes32 bundle);
    error NoData(bytes32 indicator, bytes32 region, uint32 day);

    function indicator(bytes32 id) external view returns (Indicator memory);
    /// @notice The agreed figure of a day; all zero when there is none.
    function figure(bytes32 indicatorId, bytes32 region, uint32 day)
        external
        view
        returns (Figure memory);
    /// @notice Newest day with a figure; zero when there is none.
    function newestDay(bytes32 indicatorId, bytes32 region) external view returns (uint32);
    function feedOf(bytes32 indicatorId, bytes32 region) external view returns (address);
    /// @notice True when `account` is one of the reporters and active in the registry.
    function isReporter(address account) external view returns (bool);
    function reporterCount() external view returns (uint256);
    /// @notice 2f + 1.
    function quorum() external view returns (uint256);
    /// @notice EIP-712: `Observation(bytes32 indicator,bytes32 region,uint32 day,uint64 value,uint32 dataDate,uint40 deadline)`.
    function OBSERVATION_TYPEHASH() external view returns (bytes32);

    /// @notice Defines an indicator, for ever. @param definition Its `defined` is ignored.
    /// @dev Only the indicator-keeper role. `BadIndicator`: no id, no maximum, or more than 18 decimals.
    function defineIndicator(bytes32 id, Indicator calldata definition) external;
    /// @notice Sets who reports and how many may fail. @dev Only the indicator-keeper role (acts with a delay). All active REPORTERs of different organisations, ascending addresses, at least 3f + 1 and at most 31, f >= 1. Figures that stand keep standing.
    function setReporters(address[] calldata reporters, uint8 faults) external;
    /// @notice Opens the feed of a series. Anyone may; region and indicator must be defined.
    function openFeed(bytes32 indicatorId, bytes32 region) external returns (address feed);
    /// @notice Sets a day's figure from a bundle, submitted by anyone. The figure is the lower median. A bundle that loses against the standing one changes nothing (`BundleKept`).
    /// @dev The series must have a feed. A bundle's hash covers what was observed and by whom, not deadlines and signatures.
    function submit(Bundle calldata bundle) external;
}
