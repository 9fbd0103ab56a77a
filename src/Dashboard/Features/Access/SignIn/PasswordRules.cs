using System.Security.Cryptography;
using Ops.Data;

namespace Ops.Dashboard.Features.Access.SignIn;

/// <summary>What a password must be: long, and not one of those that are tried first. No rules about kinds of characters (NIST SP 800-63B, 3.1.1.2).</summary>
internal static class PasswordRules
{
    /// <summary>The shortest password.</summary>
    public const int MinLength = 12;

    /// <summary>The longest, so that hashing one costs little.</summary>
    public const int MaxLength = 128;

    private const string Readable = "abcdefghjkmnpqrstuvwxyz23456789";

    private static readonly HashSet<string> Common = new(StringComparer.OrdinalIgnoreCase)
    {
        "123456789012", "1234567890123", "12345678901234", "123456789012345", "1234567890123456", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf",
        "qwertyuiopasdfghjkl", "1q2w3e4r5t6y", "1q2w3e4r5t6y7u", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "qazwsxedcrfv", "zaq12wsxcde3", "passwordpassword",
        "password1234", "password12345", "password123456", "passw0rd1234", "p@ssw0rd1234", "administrator", "administrator1", "adminadminadmin",
        "admin1234567", "admin12345678", "welcome12345", "welcome123456", "letmeinletmein", "letmein12345", "iloveyou1234", "iloveyouiloveyou",
        "changemechangeme", "changeme1234", "correcthorsebatterystaple", "trustno1trustno1", "abcdefghijkl", "abcdefghijklm", "abcdefghijklmnop",
        "abcd12345678", "abc123abc123", "asdfghjkl123", "asdfghjkl1234", "footballfootball", "princess1234", "monkeymonkey", "dragondragon", "sunshine1234",
    };

    /// <summary>Refuses a password that is short, common, the name, or one thing over and over.</summary>
    /// <param name="password">The proposed password.</param>
    /// <param name="userName">Whose it is to be.</param>
    /// <param name="field">The input it came from.</param>
    public static Result Check(string? password, string userName, string field = "password")
    {
        if (password is null || password.Length < MinLength)
        {
            return Failure.Invalid($"A password has at least {MinLength} characters. A few words in a row do well.", field);
        }

        if (password.Length > MaxLength)
        {
            return Failure.Invalid($"A password has at most {MaxLength} characters.", field);
        }

        if (Common.Contains(password) || password.Distinct().Count() < 4 || IsRepeated(password))
        {
            return Failure.Invalid("This password is among the first that are tried. Choose another one.", field);
        }

        return userName.Length > 2 && password.Contains(userName, StringComparison.OrdinalIgnoreCase) && password.Length - userName.Length < 6
            ? Failure.Invalid("The password is hardly more than the name. Choose another one.", field)
            : Result.Done;
    }

    /// <summary>Makes a password for somebody else to change: 20 random characters (99 bits) that read well aloud.</summary>
    public static string Generate()
    {
        var characters = RandomNumberGenerator.GetString(Readable, 20);
        return string.Join('-', characters.Chunk(5).Select(group => new string(group)));
    }

    private static bool IsRepeated(string password) =>
        Enumerable.Range(1, 4).Any(period => Enumerable.Range(period, password.Length - period).All(at => password[at] == password[at - period]));
}
