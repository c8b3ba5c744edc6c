using Waybill.Demo.Http;

namespace Waybill.Demo.Day;

/// <summary>Accounts and transfers, as their customers use them. Amounts are minor units.</summary>
internal sealed class Bank(WaybillClient api, Ledger ledger)
{
    /// <summary>Everything is paid in it.</summary>
    public const string Currency = "EUR";

    /// <summary>Opens an account and pays something in.</summary>
    public async Task Open(string account, string owner, long balance = 0)
    {
        (await api.Post("/accounts", new { accountId = account, owner, currency = Currency })).OrThrow(account);
        ledger.Accounts.Add(account);
        if (balance > 0)
            (await Deposit(account, balance, "opening balance")).OrThrow(account);
    }

    public Task<Reply> Deposit(string account, long amount, string reference) =>
        Move($"/accounts/{account}/deposits", amount, reference, sign: 1);

    /// <summary>
    /// Deposits once, but asks several times at once under one key, as a client that is in doubt does.
    /// </summary>
    public async Task<IReadOnlyList<Reply>> DepositInDoubt(string account, long amount, int times)
    {
        var key = api.NewKey();
        var replies = await Task.WhenAll(Enumerable.Range(0, times).Select(_ =>
            api.Post($"/accounts/{account}/deposits", new { amount, reference = key }, key)));
        if (replies.Any(reply => reply.IsSuccess))
            ledger.MoneyCame(amount);
        // A key stands for one command: with another body it is refused.
        return [.. replies, await api.Post($"/accounts/{account}/deposits", new { amount = amount + 1 }, key)];
    }

    public Task<Reply> Look(string account) => api.Get($"/accounts/{account}");

    public Task<Reply> CreditInterest(string account, long amount) =>
        Move($"/accounts/{account}/interest", amount, "interest", sign: 1);

    public Task<Reply> Withdraw(string account, long amount, string reference) =>
        Move($"/accounts/{account}/withdrawals", amount, reference, sign: -1);

    public Task<Reply> Close(string account) => api.Post($"/accounts/{account}/close");

    public async Task<Reply> Transfer(string transfer, string from, string to, long amount)
    {
        var reply = await api.Post(
            "/transfers", new { transferId = transfer, from, to, amount, currency = Currency, reference = transfer });
        if (reply.IsSuccess)
            ledger.Transfers.Add(transfer);
        return reply;
    }

    public Task<Reply> EndOfTransfer(string transfer) =>
        api.Until($"/transfers/{transfer}", reply => reply.Text("status") != "pending");

    private async Task<Reply> Move(string path, long amount, string reference, int sign)
    {
        var reply = await api.Post(path, new { amount, reference });
        if (reply.IsSuccess)
            ledger.MoneyCame(sign * amount);
        return reply;
    }
}
