namespace Waybill.EventStore;

/// <summary>Names the stream of one aggregate.</summary>
/// <param name="Category">The kind of aggregate; lower-case letters only, so that the name can be read back.</param>
/// <param name="Id">The aggregate's id within its category.</param>
[GenerateSerializer, Immutable, Alias("waybill.stream-name")]
public readonly record struct StreamName(string Category, string Id)
{
    /// <summary>The name as text: <c>account-4711</c>.</summary>
    public override string ToString() => $"{Category}-{Id}";
}
