namespace Orleans.Runtime;

/// <summary>
/// Values that go along with every call made from here on, to any depth: never back to the caller. The dictionary is
/// replaced, never changed, so that a message can carry it without a copy.
/// </summary>
public static class RequestContext
{
    private static readonly AsyncLocal<Dictionary<string, object>?> Values = new();

    internal static Dictionary<string, object>? Current
    {
        get => Values.Value;
        set => Values.Value = value;
    }

    /// <summary>The names there are values for.</summary>
    public static IEnumerable<string> Keys => Current?.Keys.AsEnumerable() ?? [];

    /// <summary>The names and values.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Current?.AsEnumerable() ?? [];

    /// <summary>The value named <paramref name="key"/>, or null.</summary>
    public static object? Get(string key) => Current?.GetValueOrDefault(key);

    /// <summary>Sets a value. It crosses silos, so it must be serializable.</summary>
    public static void Set(string key, object value) =>
        Current = new Dictionary<string, object>(Current ?? []) { [key] = value };

    /// <summary>Takes a value out; says whether there was one.</summary>
    public static bool Remove(string key)
    {
        if (Current is not { } values || !values.ContainsKey(key)) return false;
        var rest = new Dictionary<string, object>(values);
        rest.Remove(key);
        Current = rest.Count == 0 ? null : rest;
        return true;
    }

    /// <summary>Takes all values out.</summary>
    public static void Clear() => Current = null;
}

/// <summary>The values as a whole, for taking along what a call does not: events in a queue.</summary>
public static class RequestContextExtensions
{
    /// <summary>Replaces all values by these.</summary>
    public static void Import(Dictionary<string, object>? contextData) =>
        RequestContext.Current = contextData is { Count: > 0 } ? new(contextData) : null;

    /// <summary>A copy of the values, or null if there are none.</summary>
    internal static Dictionary<string, object>? Export() =>
        RequestContext.Current is { Count: > 0 } values ? new(values) : null;
}
