using System.Text.Json;
using Waybill.Demo.Http;

namespace Waybill.Tests.Chaos;

/// <summary>
/// What commands have done, by the log: the events that nothing else in the log has led to, by the key of the command,
/// which is their correlation's id.
/// </summary>
internal static class Effects
{
    /// <summary>Where the log does not agree with what was answered.</summary>
    public static async Task<IReadOnlyList<string>> Wrong(WaybillClient api, UnreliableNetwork network, string run)
    {
        var effects = await Read(api, run);
        var unheard = effects.Select(effect => effect.Key).Except(network.Acknowledged.Keys)
            .Select(key => $"{key} was never answered, and took effect all the same");
        var wrong =
            from acknowledged in network.Acknowledged
            let isDone = (int)acknowledged.Value.Answer.Status < 300
            let own = effects[acknowledged.Key].ToList()
            let times = own.Select(happened => happened.CommandId).Distinct().Count()
            where times != (isDone ? 1 : 0) || own.Distinct().Count() != own.Count
            select $"{acknowledged.Key} {acknowledged.Value.Command.Uri.AbsolutePath} was answered "
                + $"{(int)acknowledged.Value.Answer.Status} and has led to [{string.Join(", ", own)}]";
        return [.. unheard, .. wrong];
    }

    private static async Task<ILookup<string, (string CommandId, string Stream, string Type)>> Read(
        WaybillClient api, string run)
    {
        List<(string Key, string CommandId, string Stream, string Type)> roots = [];
        for (var after = "0"; after is not null;)
        {
            var page = await api.Get($"/admin/events?after={after}&limit=500");
            roots.AddRange(
                from happened in page.Body.GetProperty("items").EnumerateArray()
                let origin = happened.GetProperty("metadata")
                where origin.GetProperty("causationId").ValueKind == JsonValueKind.Null
                select (
                    origin.GetProperty("correlationId").GetString()!,
                    origin.GetProperty("commandId").GetString()!,
                    happened.GetProperty("stream").GetString()!,
                    happened.GetProperty("type").GetString()!));
            after = page.TextOrNull("next");
        }
        return roots.Where(root => root.Key.StartsWith(run, StringComparison.Ordinal))
            .ToLookup(root => root.Key, root => (root.CommandId, root.Stream, root.Type));
    }
}
