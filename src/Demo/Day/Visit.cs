using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>One thing that somebody does during the day, from its beginning to its end.</summary>
/// <param name="Act">The part of the day that it belongs to.</param>
/// <param name="Story">What it is about.</param>
/// <param name="Happen">Does it.</param>
/// <param name="Expected">How it can end; the server has the choice where there are several.</param>
internal sealed record Visit(string Act, string Story, Func<Task<Outcome>> Happen, params Outcome[] Expected);

/// <summary>How something ended.</summary>
/// <param name="Status">The status of what it was about, or <c>refused</c> where there is nothing.</param>
/// <param name="Reason">Why, if there is a why.</param>
internal sealed record Outcome(string Status, string? Reason = null)
{
    public const string Refused = "refused";

    /// <summary>How an order, a transfer or a ride stands; or that there is none.</summary>
    public static Outcome Of(Reply reply) => reply.IsSuccess
        ? new(reply.Text("status"), reply.TextOrNull("reason"))
        : new(Refused, reply.Code);

    public override string ToString() => Reason is null ? Status : $"{Status} ({Reason})";
}
