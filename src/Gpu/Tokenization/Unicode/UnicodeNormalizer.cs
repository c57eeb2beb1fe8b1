using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorInference.Gpu.Tokenization.Unicode;

/// <summary>One of Unicode's four normalization forms. Source: Unicode Standard Annex 15. Thread-safe.</summary>
internal sealed class UnicodeNormalizer
{
    /// <summary>No character below this changes in any form, or changes another.</summary>
    private const char Unaffected = '\u00A0';

    private readonly UnicodeData _data = UnicodeData.Instance;
    private readonly bool _compatibility;
    private readonly bool _compose;
    private readonly BitArray _affected = new(0x30000);

    public UnicodeNormalizer(NormalizationForm form)
    {
        _compatibility = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        _compose = form is NormalizationForm.FormC or NormalizationForm.FormKC;
        foreach (var character in _data.Characters)
        {
            if (character < _affected.Length) _affected[character] = IsAffected(character);
        }

        // A letter that takes part in a composition as its second half need not have a combining class.
        for (var character = 0; character < _affected.Length; character++)
            _affected[character] |= Hangul.IsSyllable(character) ? !_compose : _compose && (Hangul.IsPart(character) || _data.ComposesBackwards(character));
    }

    /// <summary>The text in this form; the very text if it is in this form already.</summary>
    public ReadOnlySpan<char> Normalize(ReadOnlySpan<char> text) => IsUnaffected(text) ? text : Rewrite(text);

    private bool IsUnaffected(ReadOnlySpan<char> text)
    {
        var start = text.IndexOfAnyExceptInRange('\0', (char)(Unaffected - 1));
        if (start < 0) return true;
        foreach (var rune in text[start..].EnumerateRunes())
        {
            if (rune.Value >= _affected.Length ? _data.CombiningClass(rune.Value) != 0 : _affected[rune.Value]) return false;
        }

        return true;
    }

    private bool IsAffected(int character)
    {
        if (_data.CombiningClass(character) != 0) return true;
        if (!_data.TryDecompose(character, _compatibility, out _)) return false;
        if (!_compose) return true;
        var parts = new List<int>();
        Decompose(character, parts);
        Reorder(parts);
        Compose(parts);
        return parts.Count != 1 || parts[0] != character;
    }

    private string Rewrite(ReadOnlySpan<char> text)
    {
        var characters = new List<int>(text.Length + (text.Length / 8));
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, characters);
        Reorder(characters);
        if (_compose) Compose(characters);
        var result = new StringBuilder(characters.Count);
        Span<char> utf16 = stackalloc char[2];
        foreach (var character in characters) result.Append(utf16[..new Rune(character).EncodeToUtf16(utf16)]);
        return result.ToString();
    }

    private void Decompose(int character, List<int> parts)
    {
        if (character < Unaffected)
        {
            parts.Add(character);
        }
        else if (Hangul.IsSyllable(character))
        {
            Hangul.Decompose(character, parts);
        }
        else if (_data.TryDecompose(character, _compatibility, out var mapping))
        {
            foreach (var part in mapping) Decompose(part, parts);
        }
        else
        {
            parts.Add(character);
        }
    }

    /// <summary>Sorts each run of combining characters by class, stably; O(n log n) even for one endless run.</summary>
    private void Reorder(List<int> characters)
    {
        var keys = Array.Empty<long>();
        for (var start = 0; start < characters.Count; start++)
        {
            if (_data.CombiningClass(characters[start]) == 0) continue;
            var end = start + 1;
            while (end < characters.Count && _data.CombiningClass(characters[end]) != 0) end++;
            var run = CollectionsMarshal.AsSpan(characters)[start..end];
            if (run.Length > 1)
            {
                if (keys.Length < run.Length) keys = new long[run.Length * 2];
                for (var i = 0; i < run.Length; i++) keys[i] = ((long)_data.CombiningClass(run[i]) << 32) | (uint)i;
                keys.AsSpan(0, run.Length).Sort(run);
            }

            start = end;
        }
    }

    private void Compose(List<int> characters)
    {
        var (starter, kept, lastClass) = (-1, 0, 0);
        for (var i = 0; i < characters.Count; i++)
        {
            var character = characters[i];
            var combiningClass = _data.CombiningClass(character);
            // Blocked if something between has the same class or a higher one, or is itself a starter.
            var adjacent = kept == starter + 1;
            if (starter >= 0 && (adjacent || (lastClass != 0 && lastClass < combiningClass)) && TryCompose(characters[starter], character, out var composed))
            {
                characters[starter] = composed;
                continue;
            }

            if (combiningClass == 0) starter = kept;
            lastClass = combiningClass;
            characters[kept++] = character;
        }

        CollectionsMarshal.SetCount(characters, kept);
    }

    private bool TryCompose(int first, int second, out int composed) =>
        Hangul.TryCompose(first, second, out composed) || _data.TryCompose(first, second, out composed);
}
