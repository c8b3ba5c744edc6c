using System.Collections.Immutable;
using System.Text.Json.Serialization;
using static Waybill.Grains.Accounts.AccountEvent;

namespace Waybill.Grains.Accounts;

/// <summary>The JSON of an account's events; stored for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Opened))]
[JsonSerializable(typeof(MoneyDeposited))]
[JsonSerializable(typeof(MoneyWithdrawn))]
[JsonSerializable(typeof(InterestCredited))]
[JsonSerializable(typeof(MoneyHeld))]
[JsonSerializable(typeof(HoldReleased))]
[JsonSerializable(typeof(HoldCaptured))]
[JsonSerializable(typeof(Closed))]
internal sealed partial class AccountEventJson : JsonSerializerContext;

/// <summary>The JSON of an account's snapshots, and of what its row in the list keeps of its holds.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(ImmutableList<OpenHold>))]
internal sealed partial class AccountJson : JsonSerializerContext;
