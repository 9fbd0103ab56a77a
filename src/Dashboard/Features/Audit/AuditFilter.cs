using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Ops.Data.Audit;

namespace Ops.Dashboard.Features.Audit;

/// <summary>Which entries to show. It is made from an address and writes itself into one, so that a link shows the same list.</summary>
internal sealed record AuditFilter
{
    /// <summary>The longest text taken from an address.</summary>
    private const int MaxText = 200;

    /// <summary>How names of people begin.</summary>
    public string? Person { get; init; }

    /// <summary>How actions begin, such as <c>rollout.</c>.</summary>
    public string? Action { get; init; }

    /// <summary>The word for the thing.</summary>
    public string? Subject { get; init; }

    /// <summary>Only done or only refused.</summary>
    public AuditResult? Result { get; init; }

    /// <summary>The first moment.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The moment after the last.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>A part of the thing's name, or its whole key, or a whole correlation id.</summary>
    public string? Text { get; init; }

    /// <summary>Whether it lets everything through.</summary>
    public bool IsEmpty => this == new AuditFilter();

    /// <summary>Reads a filter; what cannot be read narrows nothing.</summary>
    public static AuditFilter Parse(string? person, string? action, string? subject, string? result, string? from, string? to, string? text) => new()
    {
        Person = Clean(person),
        Action = Clean(action),
        Subject = Clean(subject),
        Result = Enum.TryParse<AuditResult>(result, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed : null,
        From = Moment(from),
        To = Moment(to),
        Text = Clean(text),
    };

    /// <summary>The filter as a query, with further parameters before it.</summary>
    public string AddTo(string address, params (string Name, string? Value)[] more)
    {
        foreach (var (name, value) in more.Concat([
            ("person", Person), ("action", Action), ("subject", Subject), ("result", Result?.ToString().ToLowerInvariant()),
            ("from", Write(From)), ("to", Write(To)), ("q", Text)]))
        {
            address = value is null ? address : QueryHelpers.AddQueryString(address, name, value);
        }

        return address;
    }

#pragma warning disable CA1862 // Databases know lower() but no string comparison.
    /// <summary>Narrows a query.</summary>
    public IQueryable<AuditEntry> Apply(IQueryable<AuditEntry> entries)
    {
        if (Person is { } person)
        {
            var start = person.ToLowerInvariant();
            entries = entries.Where(entry => entry.PersonName.ToLower().StartsWith(start));
        }

        if (Action is { } action)
        {
            entries = entries.Where(entry => entry.Action.StartsWith(action));
        }

        if (Subject is { } subject)
        {
            entries = entries.Where(entry => entry.SubjectKind == subject);
        }

        if (Result is { } result)
        {
            entries = entries.Where(entry => entry.Result == result);
        }

        if (From is { } from)
        {
            entries = entries.Where(entry => entry.At >= from);
        }

        if (To is { } to)
        {
            entries = entries.Where(entry => entry.At < to);
        }

        if (Text is { } text)
        {
            var part = text.ToLowerInvariant();
            entries = entries.Where(entry => entry.SubjectName.ToLower().Contains(part) || entry.SubjectId == text || entry.CorrelationId == text);
        }

        return entries;
    }
#pragma warning restore CA1862

    /// <summary>How moments are written in addresses and in the fields of the page: UTC, to the minute.</summary>
    public static string? Write(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);

    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim() is { Length: <= MaxText } kept ? kept : text.Trim()[..MaxText];

    private static DateTimeOffset? Moment(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment) ? moment : null;
}
