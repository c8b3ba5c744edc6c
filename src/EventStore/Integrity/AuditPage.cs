namespace Waybill.EventStore.Integrity;

/// <summary>Some rows of the log as an audit reads them: bytes one after another, never made into objects.</summary>
internal sealed class AuditPage
{
    private readonly List<Row> _rows = [];
    private int _begin;

    /// <summary>The bytes of the rows, each followed by its stored hash if it has one.</summary>
    public RowBytes Bytes { get; } = new();

    public IReadOnlyList<Row> Rows => _rows;

    public void Clear()
    {
        Bytes.Clear();
        _rows.Clear();
    }

    /// <summary>Begins a row; its columns are then added to <see cref="Bytes"/>.</summary>
    public void Begin()
    {
        _begin = Bytes.Length;
        Bytes.Begin();
    }

    /// <summary>Ends a row.</summary>
    /// <param name="position">Its position.</param>
    /// <param name="follows">True if it is its stream's first, or the version before it stands before it.</param>
    /// <param name="hash">Its stored hash; empty if it has none.</param>
    public void End(long position, bool follows, ReadOnlySpan<byte> hash)
    {
        var length = Bytes.Length - _begin;
        Bytes.AddRaw(hash);
        _rows.Add(new(position, _begin, length, hash.Length, follows));
    }

    internal readonly record struct Row(long Position, int Start, int Length, int HashLength, bool Follows);
}
