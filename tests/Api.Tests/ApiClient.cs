using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Waybill.Tests;

/// <summary>Speaks HTTP to a server, as any client would.</summary>
internal sealed class ApiClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    public Uri Address => address;

    public Task<Answer> Get(string path) => Send(HttpMethod.Get, path);

    public Task<Answer> Post(string path, object? body = null, string? ifMatch = null) => Send(
        HttpMethod.Post, path, body is null ? null : JsonContent.Create(body), ("If-Match", ifMatch));

    /// <summary>Sends a command under a key.</summary>
    public Task<Answer> PostOnce(string key, string path, object? body = null) => Send(
        HttpMethod.Post, path, body is null ? null : JsonContent.Create(body), ("Idempotency-Key", key));

    /// <summary>Sends the body as it is written here.</summary>
    public Task<Answer> PostText(string path, string body, string contentType = "application/json")
    {
        var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return Send(HttpMethod.Post, path, content);
    }

    /// <summary>Opens an account under a new id.</summary>
    public async Task<string> OpenAccount(long balance = 0)
    {
        var id = $"acc-{Guid.NewGuid():N}";
        (await PostUntilAnswered($"{id}-opened", "/accounts", new { accountId = id, owner = "ann", currency = "EUR" }))
            .ShouldBe(HttpStatusCode.Created);
        if (balance > 0)
            (await PostUntilAnswered($"{id}-funded", $"/accounts/{id}/deposits", new { amount = balance }))
                .ShouldBe(HttpStatusCode.OK);
        return id;
    }

    public async Task<long> Balance(string id) => (await Get($"/accounts/{id}")).Long("balance");

    public async Task<Answer> Send(
        HttpMethod method, string path, HttpContent? content = null, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
        {
            if (value is not null)
                request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.Read(response);
    }

    public void Dispose() => _http.Dispose();

    // A silo that has just begun, on a machine that is busy, may not have the time for its first command. That the
    // store is away is another answer, and not asked about again.
    private async Task<Answer> PostUntilAnswered(string key, string path, object body)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await PostOnce(key, path, body);
            var code = answer.Status is HttpStatusCode.ServiceUnavailable ? answer.String("code") : null;
            if (code != "unavailable" || tries == 3)
                return answer;
        }
    }
}

/// <summary>What a server answered.</summary>
internal sealed record Answer(HttpStatusCode Status, string ContentType, ILookup<string, string> Headers, string Text)
{
    public JsonElement Body => JsonElement.Parse(Text);

    public bool IsReplayed => Header("Idempotency-Replayed") == "true";

    public string? ETag => Header("ETag");

    public static async Task<Answer> Read(HttpResponseMessage response) => new(
        response.StatusCode,
        response.Content.Headers.ContentType?.MediaType ?? "",
        response.Headers.Concat(response.Content.Headers)
            .SelectMany(header => header.Value, (header, value) => (header.Key, value))
            .ToLookup(header => header.Key, header => header.value, StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsStringAsync());

    public string? Header(string name) => Headers[name].SingleOrDefault();

    public long Long(string member) => Body.GetProperty(member).GetInt64();

    public string? String(string member) => Body.GetProperty(member).GetString();

    public Answer ShouldBe(HttpStatusCode status)
    {
        Status.ShouldBe(status, Text);
        return this;
    }

    // What a stack trace, a type name, a statement or a path would show.
    private static readonly string[] Inside =
        ["   at ", "Exception", "Waybill.", "System.", "Orleans", "SELECT", "INSERT", "/tmp"];

    /// <summary>Every error has the same shape and says nothing of the inside.</summary>
    public void ShouldBeProblem(HttpStatusCode status, string code)
    {
        Status.ShouldBe(status, Text);
        ContentType.ShouldBe("application/problem+json");
        Body.GetProperty("status").GetInt32().ShouldBe((int)status);
        Body.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        Body.GetProperty("code").GetString().ShouldBe(code);
        foreach (var inside in Inside)
            Text.ShouldNotContain(inside, Case.Sensitive);
    }
}
