using System.Text.Json;
using System.Text.Json.Serialization;

namespace Waybill.Grains.Notifications;

/// <summary>What a customer is told, as it is sent.</summary>
/// <param name="Id">The id of the event that it is about: whoever is sent it again knows it by that.</param>
/// <param name="Body">The JSON of a <see cref="CustomerMessage"/>; the same each time.</param>
public sealed record Notification(Guid Id, string Body);

/// <summary>
/// What happened, for a customer: the payload that Standard Webhooks recommends
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
/// </summary>
/// <param name="Type">What happened, for example <c>order.confirmed</c>.</param>
/// <param name="Timestamp">When.</param>
/// <param name="Data">To whom and what.</param>
public sealed record CustomerMessage(string Type, DateTimeOffset Timestamp, CustomerMessageData Data)
{
    /// <summary>Reads it.</summary>
    public static CustomerMessage Of(string json) =>
        JsonSerializer.Deserialize(json, CustomerMessageJson.Default.CustomerMessage)!;

    /// <summary>Its JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CustomerMessageJson.Default.CustomerMessage);
}

/// <summary>To whom something happened, and what. Whatever does not apply is not there.</summary>
/// <param name="CustomerId">Whom to tell.</param>
/// <param name="OrderId">The order.</param>
/// <param name="RideId">The ride.</param>
/// <param name="Amount">The money, in whole minor units.</param>
/// <param name="Currency">Its currency.</param>
/// <param name="DriverId">Who drives.</param>
/// <param name="TrackingNumber">Under which an order was sent off.</param>
/// <param name="Reason">Why something does not take place.</param>
/// <param name="CorrelationId">What the customer's request can be found by.</param>
public sealed record CustomerMessageData(
    string CustomerId,
    string? OrderId = null,
    string? RideId = null,
    long? Amount = null,
    string? Currency = null,
    string? DriverId = null,
    string? TrackingNumber = null,
    string? Reason = null,
    string? CorrelationId = null);

/// <summary>The JSON of what customers are told.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CustomerMessage))]
internal sealed partial class CustomerMessageJson : JsonSerializerContext;
