namespace OciImage.Registry.Auth;

/// <summary>One demand of a WWW-Authenticate header (RFC 9110, section 11): a scheme and its parameters.</summary>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int MaxLength = 16 * 1024;
    private const int MaxChallenges = 20;

    public string? Realm => Parameters.GetValueOrDefault("realm");

    public string? Service => Parameters.GetValueOrDefault("service");

    public string? Scope => Parameters.GetValueOrDefault("scope");

    public string? Error => Parameters.GetValueOrDefault("error");

    public bool Is(string scheme) => Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the demands of all headers; what does not follow the grammar ends the header it stands in.</summary>
    public static IReadOnlyList<Challenge> Parse(IEnumerable<string> headers)
    {
        var challenges = new List<Challenge>();
        foreach (string header in headers)
        {
            if (header.Length <= MaxLength && challenges.Count < MaxChallenges)
            {
                new Reader(header, challenges).Read();
            }
        }

        return challenges;
    }

    private static bool IsTokenCharacter(char c) =>
        char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);

    private ref struct Reader(ReadOnlySpan<char> text, List<Challenge> challenges)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _position;

        public void Read()
        {
            Dictionary<string, string>? parameters = null;
            while (true)
            {
                SkipSeparators();
                string word = ReadToken();
                if (word.Length == 0)
                {
                    return;
                }

                SkipBlanks();
                if (!TryTake('='))
                {
                    if (challenges.Count == MaxChallenges)
                    {
                        return;
                    }

                    parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                    challenges.Add(new Challenge(word, parameters));
                    continue;
                }

                SkipBlanks();
                if (parameters is null || !TryReadValue(out string value))
                {
                    return;
                }

                parameters.TryAdd(word, value);
            }
        }

        private bool TryReadValue(out string value)
        {
            if (!TryTake('"'))
            {
                // Some registries forget the quotes; a value then ends at a blank or a comma.
                int start = _position;
                while (_position < _text.Length && _text[_position] is not (' ' or '\t' or ',' or '"'))
                {
                    _position++;
                }

                value = _text[start.._position].ToString();
                return value.Length > 0 && !value.Any(char.IsControl);
            }

            var builder = new System.Text.StringBuilder();
            while (_position < _text.Length)
            {
                char c = _text[_position++];
                if (c == '"')
                {
                    value = builder.ToString();
                    return true;
                }

                if (c == '\\' && _position < _text.Length)
                {
                    c = _text[_position++];
                }

                if (char.IsControl(c))
                {
                    break;
                }

                builder.Append(c);
            }

            value = "";
            return false;
        }

        private string ReadToken()
        {
            int start = _position;
            while (_position < _text.Length && IsTokenCharacter(_text[_position]))
            {
                _position++;
            }

            return _text[start.._position].ToString();
        }

        private void SkipSeparators()
        {
            while (_position < _text.Length && (_text[_position] is ' ' or '\t' or ','))
            {
                _position++;
            }
        }

        private void SkipBlanks()
        {
            while (_position < _text.Length && (_text[_position] is ' ' or '\t'))
            {
                _position++;
            }
        }

        private bool TryTake(char c)
        {
            if (_position < _text.Length && _text[_position] == c)
            {
                _position++;
                return true;
            }

            return false;
        }
    }
}
