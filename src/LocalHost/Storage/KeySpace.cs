namespace LocalHost.Storage;

/// <summary>
/// The first byte of every key, which says what kind of row it is. Never reuse a byte for another kind.
/// </summary>
internal static class KeySpace
{
    /// <summary>The database's own rows: <see cref="FormatVersion"/> and <see cref="CommitNumber"/>.</summary>
    public const byte Database = 0x00;

    /// <summary>Timer status. Followed by the function's name.</summary>
    public const byte Timers = 0x01;

    /// <summary>
    /// Queue numbers. Followed by the queue's name in lower case; the value is its number.
    /// </summary>
    /// <remarks>
    /// 0x10 to 0x1F belong to queues. All others are followed by the queue's number (2 bytes). Numbers are big-endian, so that keys sort by
    /// them.
    /// </remarks>
    public const byte Queues = 0x10;

    /// <summary>The counts and positions of a queue.</summary>
    public const byte QueueState = 0x11;

    /// <summary>Active messages, locked or not. Followed by the sequence number (8 bytes).</summary>
    public const byte Messages = 0x12;

    /// <summary>Dead letters. Followed by a number (8 bytes) in the order of dead-lettering.</summary>
    public const byte DeadLetters = 0x13;

    /// <summary>Scheduled messages. Followed by the UTC ticks at which they are due (8 bytes) and the sequence number (8).</summary>
    public const byte Scheduled = 0x14;

    /// <summary>
    /// Delivery counts of messages that were delivered more than once. Followed by the message's key without the queue's number.
    /// </summary>
    public const byte DeliveryCounts = 0x15;

    /// <summary>Hashes of message ids, for duplicate detection. Followed by UTC ticks (8 bytes) and the last sequence number (8).</summary>
    public const byte DuplicateHistory = 0x16;

    /// <summary>Tables, which have 0x20 to 0x2F. Followed by the name in upper case; the value is empty.</summary>
    public const byte TableNames = 0x20;

    /// <summary>
    /// Rows of tables. Followed by the table's name in upper case, a zero, the partition key, a zero and the row key, so that rows sort by
    /// their keys. The value is the row's version (8 bytes), which is its timestamp and ETag, and its properties.
    /// </summary>
    public const byte TableRows = 0x21;

    /// <summary>One row: an upper bound of the versions of all rows (8 bytes).</summary>
    public static ReadOnlySpan<byte> TableVersions => [0x22];

    /// <summary>The format of the whole database (4 bytes).</summary>
    public static ReadOnlySpan<byte> FormatVersion => [Database, (byte)'v'];

    /// <summary>
    /// The number of the last committed batch (8 bytes). It shows whether a batch whose write failed was committed nevertheless.
    /// </summary>
    public static ReadOnlySpan<byte> CommitNumber => [Database, (byte)'c'];
}
