namespace LocalHost.Tables.Embedded;

/// <summary>The rows of a table in order: a B+ tree in memory. Not safe for use by several threads at once.</summary>
internal sealed class RowIndex
{
    private object _root = new RowLeaf();

    public int Count { get; private set; }

    public bool TryGet(ReadOnlySpan<byte> key, out RowEntry entry)
    {
        var leaf = LeafOf(key);
        var found = leaf.Find(key, out var index);
        entry = found ? leaf[index] : default;
        return found;
    }

    /// <returns>What was there before, if anything.</returns>
    public RowEntry? Set(ReadOnlySpan<byte> key, RowEntry entry)
    {
        var replaced = Set(_root, key, entry, out var split);
        if (split is { } right)
        {
            _root = new Branch(_root, right);
        }

        Count += replaced is null ? 1 : 0;
        return replaced;
    }

    /// <returns>What was there, if anything.</returns>
    public RowEntry? Remove(ReadOnlySpan<byte> key)
    {
        var removed = Remove(_root, key);
        while (_root is Branch { Count: 1 } branch)
        {
            _root = branch.Children[0];
        }

        Count -= removed is null ? 0 : 1;
        return removed;
    }

    /// <summary>Adds to <paramref name="rows"/>, in order, at most so many rows from a key (inclusive) to another (exclusive; null is the end).</summary>
    public void Read(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool toEnd, int max, List<(byte[] Key, RowEntry Entry)> rows)
    {
        var leaf = LeafOf(from);
        leaf.Find(from, out var index);
        for (; leaf is not null; leaf = leaf.Next!, index = 0)
        {
            for (; index < leaf.Count; index++)
            {
                if (max-- == 0)
                {
                    return;
                }

                var key = leaf.KeyAt(index);
                if (!toEnd && to.SequenceCompareTo(key) <= 0)
                {
                    return;
                }

                rows.Add((key, leaf[index]));
            }
        }
    }

    private RowLeaf LeafOf(ReadOnlySpan<byte> key)
    {
        var node = _root;
        while (node is Branch branch)
        {
            node = branch.Children[branch.IndexOf(key)];
        }

        return (RowLeaf)node;
    }

    private static RowEntry? Set(object node, ReadOnlySpan<byte> key, RowEntry entry, out (byte[] Separator, object Node)? split)
    {
        split = null;
        if (node is Branch branch)
        {
            var child = branch.IndexOf(key);
            var replaced = Set(branch.Children[child], key, entry, out var below);
            if (below is { } right)
            {
                branch.Insert(child, right);
                split = branch.Overflow();
            }

            return replaced;
        }

        var leaf = (RowLeaf)node;
        if (leaf.Find(key, out var index))
        {
            var old = leaf[index];
            leaf[index] = entry;
            return old;
        }

        if (leaf.IsFull)
        {
            var right = leaf.SplitAndInsert(index, key, entry);
            split = (leaf.Separator(), right);
        }
        else
        {
            leaf.Insert(index, key, entry);
        }

        return null;
    }

    private static RowEntry? Remove(object node, ReadOnlySpan<byte> key)
    {
        if (node is RowLeaf leaf)
        {
            if (!leaf.Find(key, out var index))
            {
                return null;
            }

            var entry = leaf[index];
            leaf.RemoveAt(index);
            return entry;
        }

        var branch = (Branch)node;
        var at = branch.IndexOf(key);
        var removed = Remove(branch.Children[at], key);
        // Leaves go when they are empty. The last one stays, so that there is a place to look in.
        if (branch.Count > 1 && branch.Children[at] is RowLeaf { Count: 0 } empty)
        {
            empty.Previous?.Next = empty.Next;
            empty.Next?.Previous = empty.Previous;
            branch.RemoveAt(at);
        }
        else if (branch.Children[at] is Branch { Count: 1 } thin)
        {
            branch.Children[at] = thin.Children[0];
        }

        return removed;
    }

    /// <summary>Children, and for each but the first the string that no key in it is below.</summary>
    private sealed class Branch
    {
        private const int Capacity = 64;

        private readonly byte[][] _separators = new byte[Capacity + 1][];

        public Branch(object left, (byte[] Separator, object Node) right)
        {
            (Children[0], Children[1], _separators[1]) = (left, right.Node, right.Separator);
            Count = 2;
        }

        private Branch() { }

        public object[] Children { get; } = new object[Capacity + 1];

        public int Count { get; private set; }

        public int IndexOf(ReadOnlySpan<byte> key)
        {
            var (low, high) = (1, Count - 1);
            while (low <= high)
            {
                var middle = (low + high) / 2;
                (low, high) = key.SequenceCompareTo(_separators[middle]) >= 0 ? (middle + 1, high) : (low, middle - 1);
            }

            return high;
        }

        public void Insert(int after, (byte[] Separator, object Node) right)
        {
            var at = after + 1;
            Array.Copy(Children, at, Children, at + 1, Count - at);
            Array.Copy(_separators, at, _separators, at + 1, Count - at);
            (Children[at], _separators[at]) = (right.Node, right.Separator);
            Count++;
        }

        public void RemoveAt(int index)
        {
            Count--;
            Array.Copy(Children, index + 1, Children, index, Count - index);
            Array.Copy(_separators, index + 1, _separators, index, Count - index);
            (Children[Count], _separators[Count]) = (null!, null!);
        }

        /// <summary>The right half of a branch that has one child too many.</summary>
        public (byte[] Separator, object Node)? Overflow()
        {
            if (Count <= Capacity)
            {
                return null;
            }

            var (right, half) = (new Branch(), Count / 2);
            right.Count = Count - half;
            Array.Copy(Children, half, right.Children, 0, right.Count);
            Array.Copy(_separators, half, right._separators, 0, right.Count);
            Array.Clear(Children, half, right.Count);
            Array.Clear(_separators, half, right.Count);
            Count = half;
            return (right._separators[0], right);
        }
    }
}
