namespace Waybill.EventStore.ReadModels;

/// <summary>The values of keys and queries in the form in which they are stored.</summary>
internal static class KeyValue
{
    public static object Stored(object value) => value switch
    {
        Enum name => name.ToString(),
        DateTimeOffset time => StoredTime.Of(time),
        _ => value,
    };
}
