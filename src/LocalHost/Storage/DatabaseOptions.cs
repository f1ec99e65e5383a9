using LocalHost.Storage.Native;

namespace LocalHost.Storage;

internal sealed record DatabaseOptions
{
    /// <summary>How long an operation that nobody waits for is kept for the next batch, if none is written anyway.</summary>
    public TimeSpan RideAlongDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>After a failed write: how long until the disk is tried again.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After a failed write: how many bytes must be free before the database is reopened. Reopening needs some, and can't be taken back.
    /// </summary>
    public long RoomToReopen { get; init; } = 64 << 20;

    /// <summary>A batch is written when it has this many operations, whatever else waits.</summary>
    public int OperationsInBatch { get; init; } = 4096;

    /// <summary>A batch is written when it has this many bytes, whatever else waits.</summary>
    public int BytesInBatch { get; init; } = 4 << 20;

    /// <summary>What writes a batch, given what would write it. For tests, which let it fail.</summary>
    public Action<WriteFunction, ReadOnlySpan<byte>> Write { get; init; } = (write, batch) => write(batch);

    /// <summary>
    /// In memory at most 32 MB of blocks, with indexes and filters, and 48 MB that are not in table files yet. The info log is two files of
    /// 1 MB.
    /// </summary>
    /// <remarks>
    /// kTolerateCorruptedTailRecords: a record that was cut off while it was written, which a crash leaves behind, is dropped. Any other
    /// damage of the log fails the opening: kPointInTimeRecovery would silently drop everything after it, acknowledged or not, and
    /// kAbsoluteConsistency would refuse to open after an ordinary crash. max_bgerror_resume_count: the database is reopened here after a
    /// failure, which tells what a failed write has left behind. kCompactionStyleUniversal: files are merged with those of about their
    /// size. Levels would rewrite all of the next level for each few files, since every file has keys of every queue and of every
    /// subscription's log. compression_per_level: most messages are gone before their file is merged. partition_filters: the whole index
    /// and filter of a table file are megabytes, more than a shard of the cache holds, and were read anew for each Get.
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

/// <exception cref="RocksDbException">The batch could not be written, or is not known to be.</exception>
internal delegate void WriteFunction(ReadOnlySpan<byte> batch);
