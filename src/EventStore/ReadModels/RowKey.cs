namespace Waybill.EventStore.ReadModels;

/// <summary>The values of a row's key columns, in the order in which its model declares them.</summary>
/// <remarks>
/// A value is of its column's type: a text, a long, an int, a bool, a Guid, a time or an enum. Two keys are equal if
/// their values are.
/// </remarks>
public readonly struct RowKey : IEquatable<RowKey>
{
    // Nearly always one value; several come as an array.
    private readonly object _values;

    private RowKey(object values) => _values = values;

    /// <summary>How many values it has.</summary>
    public int Count => _values is object[] several ? several.Length : _values is null ? 0 : 1;

    /// <summary>One of its values.</summary>
    public object this[int index] => _values switch
    {
        object[] several => several[index],
        { } one when index == 0 => one,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <summary>The key with these values.</summary>
    public static RowKey Of(params ReadOnlySpan<object> values) => values switch
    {
        [] => throw new ArgumentException("A key has at least one value."),
        [var one] => new(one),
        _ => new(values.ToArray()),
    };

    /// <summary>The key with this one value.</summary>
    public static implicit operator RowKey(string value) => new(value);

    /// <inheritdoc cref="op_Implicit(string)"/>
    public static implicit operator RowKey(long value) => new(value);

    /// <inheritdoc cref="op_Implicit(string)"/>
    public static implicit operator RowKey(Guid value) => new(value);

    public static bool operator ==(RowKey left, RowKey right) => left.Equals(right);

    public static bool operator !=(RowKey left, RowKey right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(RowKey other) => (_values, other._values) switch
    {
        (object[] mine, object[] others) => mine.AsSpan().SequenceEqual(others),
        var (mine, others) => Equals(mine, others),
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RowKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (_values is not object[] several)
            return _values?.GetHashCode() ?? 0;
        var hash = new HashCode();
        foreach (var value in several)
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() =>
        _values is object[] several ? string.Join(", ", several) : $"{_values}";
}
