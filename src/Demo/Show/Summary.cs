using System.Globalization;
using Spectre.Console;
using Waybill.Demo.Day;

namespace Waybill.Demo.Show;

/// <summary>What has happened, as a table.</summary>
internal static class Summary
{
    public static void Print(IReadOnlyCollection<Ended> ended)
    {
        var table = new Table().Border(Console.IsOutputRedirected ? TableBorder.Ascii : TableBorder.Rounded)
            .AddColumn("act").AddColumn("what").AddColumn("outcome").AddColumn("reason")
            .AddColumn(new TableColumn("count").RightAligned());
        var rows =
            from end in ended
            group end by (end.Visit.Act, end.Visit.Story, end.Outcome, end.IsExpected) into alike
            orderby alike.Key.Act, alike.Key.Story, alike.Key.Outcome.Status, alike.Key.Outcome.Reason
            select alike;
        foreach (var row in rows)
        {
            var ((act, story, outcome, isExpected), count) = (row.Key, row.Count());
            table.AddRow(
                act,
                Markup.Escape(story),
                Markup.Escape(isExpected ? outcome.Status : $"{outcome.Status}, unexpected"),
                Markup.Escape(outcome.Reason ?? ""),
                count.ToString(CultureInfo.InvariantCulture));
        }
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 120;
        AnsiConsole.Write(table);
    }
}
