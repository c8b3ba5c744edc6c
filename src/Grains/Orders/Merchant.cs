using Waybill.Grains.Accounts;
using Waybill.Grains.Sourcing;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Orders;

/// <summary>The shop's own account in each currency that it sells in, <c>merchant-EUR</c> and so on.</summary>
public static class Merchant
{
    /// <summary>Who owns the accounts.</summary>
    public const string Owner = "merchant";

    /// <summary>The account in a currency.</summary>
    public static string AccountIn(string currency) => $"{Owner}-{currency}";

    /// <summary>Opens the account in a currency, unless it is there.</summary>
    /// <returns>Why it cannot be paid into; null if it can.</returns>
    internal static async Task<Outcome<TView>?> Refusal<TView>(
        IGrainFactory grains, CommandContext context, string currency)
        where TView : class
    {
        var account = grains.GetGrain<IAccountGrain>(AccountIn(currency));
        var opened = await account.Open(
            context with
            {
                CommandId = NameBasedId.Of(context.CommandId, "open-merchant-account"),
                CausationId = $"{context.CommandId}",
                ExpectedVersion = null,
            },
            Owner,
            currency);
        if (opened is { Status: OutcomeStatus.Refused, Code: "account-already-open" })
            opened = await account.Get();
        if (opened.Status is not OutcomeStatus.Accepted)
            return new(opened.Status, opened.Code, null, 0, 0);
        // Anybody may have opened an account of that name before.
        return (opened.View!.Owner, opened.View.Currency) == (Owner, currency)
            ? null
            : new(OutcomeStatus.Refused, "merchant-account-taken", null, 0, 0);
    }
}
