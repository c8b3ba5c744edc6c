namespace Waybill.Api;

/// <summary>What somebody who has just started the server wants to know.</summary>
internal static class Welcome
{
    public static void Print(ICollection<string> urls)
    {
        var url = urls.First();
        Console.WriteLine($$"""
            Waybill serves on {{string.Join(", ", urls)}} (Ctrl-C stops it). Open an account:

              curl -i {{url}}/accounts -H 'Content-Type: application/json' \
                   -d '{"accountId":"ann-1","owner":"ann","currency":"EUR"}'

            """);
    }
}
