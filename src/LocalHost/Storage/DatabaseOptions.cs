namespace LocalHost.Storage;

internal sealed record DatabaseOptions
{
    /// <summary>How long an operation that nobody waits for may wait for others, to share their batch.</summary>
    public TimeSpan LazyWriteDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The time between attempts to recover from a failed write.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The bytes that must be free, besides room for what is only in the write-ahead log, before recovery reopens the database, which can't
    /// be undone.
    /// </summary>
    public long MinFreeBytesToReopen { get; init; } = 8 << 20;

    /// <summary>A batch with this many operations is full.</summary>
    public int MaxBatchOperations { get; init; } = 4096;

    /// <summary>A batch with this many bytes is full.</summary>
    public int MaxBatchBytes { get; init; } = 4 << 20;

    /// <summary>Wraps the function that writes a batch, so that tests can make it fail.</summary>
    public Action<Action<ReadOnlySpan<byte>>, ReadOnlySpan<byte>> Write { get; init; } = (write, batch) => write(batch);

    /// <summary>
    /// RocksDB's options. Memory is limited to 32 MB of blocks, including indexes and filters, and 48 MB of memtables. The info log has two
    /// files of 1 MB.
    /// </summary>
    /// <remarks>
    /// kTolerateCorruptedTailRecords drops a record that a crash cut off. Any other damage of the log fails the opening:
    /// kPointInTimeRecovery would silently drop everything after it, and kAbsoluteConsistency would not open after an ordinary crash.
    /// max_bgerror_resume_count: recovery reopens the database instead, which shows whether a failed write was committed.
    /// kCompactionStyleUniversal merges files of similar size. Leveled compaction would rewrite the whole next level for every few files,
    /// because each file has keys of all queues and of all delivery logs. compression_per_level: most messages are deleted before their
    /// file is merged. partition_filters: the index and filter of a whole file are megabytes, more than a shard of the cache holds, and
    /// every Get would read them again.
    /// </remarks>
    public string RocksDb { get; init; } =
        "create_if_missing=true;max_open_files=400;max_background_jobs=2;bytes_per_sync=1M;compaction_readahead_size=512K;"
        + "write_buffer_size=16M;max_write_buffer_number=3;max_total_wal_size=64M;max_manifest_file_size=4M;"
        + "compaction_style=kCompactionStyleUniversal;level0_file_num_compaction_trigger=4;compression_per_level=kNoCompression:kLZ4Compression;"
        + "wal_recovery_mode=kTolerateCorruptedTailRecords;max_bgerror_resume_count=0;"
        + "info_log_level=WARN_LEVEL;keep_log_file_num=2;max_log_file_size=1M;stats_dump_period_sec=0;stats_persist_period_sec=0;"
        + "block_based_table_factory={block_cache={capacity=32M;num_shard_bits=2};"
        + "cache_index_and_filter_blocks=true;pin_l0_filter_and_index_blocks_in_cache=true;"
        + "index_type=kTwoLevelIndexSearch;partition_filters=true;metadata_block_size=8K;"
        + "filter_policy=bloomfilter:10:false;block_size=8K;format_version=6}";
}
