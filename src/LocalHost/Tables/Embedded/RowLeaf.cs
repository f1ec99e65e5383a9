using System.Runtime.InteropServices;
using LocalHost.Journaling;

namespace LocalHost.Tables.Embedded;

/// <summary>What is known of a row in memory: when it was written, in ticks of UTC, which is its ETag too, and where its properties lie in the journal.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct RowEntry(long Version, long Offset, int Length)
{
    public JournalAddress Address => new(Offset, Length);
}

/// <summary>
/// A run of neighbouring rows, at the bottom of a <see cref="RowIndex"/>. What all its keys begin with is kept once and the rest of them in
/// one array, so that a row costs little more than the part of its key that differs, and nothing to the garbage collector.
/// </summary>
internal sealed class RowLeaf
{
    private const int Capacity = 64;

    private byte[] _prefix = [];
    private byte[] _suffixes = [];
    private int[] _ends = [];
    private RowEntry[] _entries = [];
    private int _lastInsert = -1;

    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    public RowLeaf? Next { get; set; }

    public RowLeaf? Previous { get; set; }

    public ref RowEntry this[int index] => ref _entries[index];

    public byte[] KeyAt(int index) => [.. _prefix, .. Suffix(index)];

    /// <summary>Where the key is, or where it would be.</summary>
    public bool Find(ReadOnlySpan<byte> key, out int index)
    {
        var common = key.CommonPrefixLength(_prefix);
        if (common < _prefix.Length)
        {
            index = common == key.Length || key[common] < _prefix[common] ? 0 : Count;
            return false;
        }

        var rest = key[common..];
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            index = (low + high) / 2;
            var order = Suffix(index).SequenceCompareTo(rest);
            if (order == 0)
            {
                return true;
            }

            (low, high) = order < 0 ? (index + 1, high) : (low, index - 1);
        }

        index = low;
        return false;
    }

    public void Insert(int index, ReadOnlySpan<byte> key, RowEntry entry)
    {
        if (Count == 0)
        {
            _prefix = key.ToArray();
        }
        else if (!key.StartsWith(_prefix))
        {
            UsePrefix(key.CommonPrefixLength(_prefix));
        }

        var suffix = key[_prefix.Length..];
        var (start, used) = (StartOf(index), StartOf(Count));
        Grow(Count + 1, used + suffix.Length);
        _suffixes.AsSpan(start, used - start).CopyTo(_suffixes.AsSpan(start + suffix.Length));
        suffix.CopyTo(_suffixes.AsSpan(start));
        _ends.AsSpan(index, Count - index).CopyTo(_ends.AsSpan(index + 1));
        _entries.AsSpan(index, Count - index).CopyTo(_entries.AsSpan(index + 1));
        Count++;
        _ends[index] = start;
        MoveEnds(index, suffix.Length);
        _entries[index] = entry;
        _lastInsert = index;
    }

    public void RemoveAt(int index)
    {
        var (start, end, used) = (StartOf(index), _ends[index], StartOf(Count));
        _suffixes.AsSpan(end, used - end).CopyTo(_suffixes.AsSpan(start));
        _ends.AsSpan(index + 1, Count - index - 1).CopyTo(_ends.AsSpan(index));
        _entries.AsSpan(index + 1, Count - index - 1).CopyTo(_entries.AsSpan(index));
        Count--;
        MoveEnds(index, start - end);
        _lastInsert = -1;
    }

    /// <summary>
    /// Divides a full leaf to make room for a key at the index and inserts it. Keys that come one before or one after the other, as they do by time,
    /// leave full leaves behind; others leave halves.
    /// </summary>
    public RowLeaf SplitAndInsert(int index, ReadOnlySpan<byte> key, RowEntry entry)
    {
        var (descends, ascends) = (index == _lastInsert, index == _lastInsert + 1);
        var at = descends || ascends ? index : Count / 2;
        var intoRight = index > at || at == Count || (descends && at > 0);

        var right = Copy(at, Count);
        var left = Copy(0, at);
        (_prefix, _suffixes, _ends, _entries, Count, _lastInsert) = (left._prefix, left._suffixes, left._ends, left._entries, left.Count, -1);
        (right.Next, right.Previous, Next) = (Next, this, right);
        right.Next?.Previous = right;

        (intoRight ? right : this).Insert(intoRight ? index - at : index, key, entry);
        return right;
    }

    /// <summary>The shortest string above every key here and not above any in the leaf to the right.</summary>
    public byte[] Separator()
    {
        var (last, first) = (KeyAt(Count - 1), Next!.KeyAt(0));
        return first[..(last.AsSpan().CommonPrefixLength(first) + 1)];
    }

    private ReadOnlySpan<byte> Suffix(int index) => _suffixes.AsSpan(StartOf(index).._ends[index]);

    private int StartOf(int index) => index == 0 ? 0 : _ends[index - 1];

    private void MoveEnds(int from, int by)
    {
        for (var i = from; i < Count; i++)
        {
            _ends[i] += by;
        }
    }

    private RowLeaf Copy(int from, int to)
    {
        var copy = new RowLeaf();
        if (from == to)
        {
            return copy;
        }

        var (first, last) = (KeyAt(from), KeyAt(to - 1));
        copy._prefix = first[..first.AsSpan().CommonPrefixLength(last)];
        copy._ends = new int[to - from];
        copy._suffixes = new byte[StartOf(to) - StartOf(from) + ((_prefix.Length - copy._prefix.Length) * (to - from))];
        copy._entries = _entries[from..to];
        for (var i = from; i < to; i++)
        {
            copy.Append(KeyAt(i).AsSpan(copy._prefix.Length));
        }

        return copy;
    }

    private void UsePrefix(int length)
    {
        var shorter = new RowLeaf { _prefix = _prefix[..length], _ends = new int[_ends.Length], _suffixes = new byte[StartOf(Count) + ((_prefix.Length - length) * Count)] };
        for (var i = 0; i < Count; i++)
        {
            shorter.Append(KeyAt(i).AsSpan(length));
        }

        (_prefix, _suffixes, _ends) = (shorter._prefix, shorter._suffixes, shorter._ends);
    }

    private void Append(ReadOnlySpan<byte> suffix)
    {
        var start = StartOf(Count);
        suffix.CopyTo(_suffixes.AsSpan(start));
        _ends[Count++] = start + suffix.Length;
    }

    private void Grow(int count, int bytes)
    {
        if (count > _ends.Length)
        {
            var size = Math.Min(Capacity, Math.Max(count, _ends.Length * 2));
            Array.Resize(ref _ends, size);
            Array.Resize(ref _entries, size);
        }

        if (bytes > _suffixes.Length)
        {
            Array.Resize(ref _suffixes, Math.Max(bytes, _suffixes.Length * 3 / 2));
        }
    }
}
