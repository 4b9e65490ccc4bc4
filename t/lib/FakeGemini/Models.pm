package FakeGemini::Models;

# The models that the fake serves when nothing else is configured, and the
# objects that GET models answers.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Json qw(o);

our @EXPORT_OK = qw(default_models native_model openai_model);

my @text = qw(generateContent countTokens createCachedContent
              batchGenerateContent);
my @embed = qw(embedContent countTextTokens countTokens
               asyncBatchEmbedContent);

# name => [input limit, output limit, methods]
my @table = (
    ['gemini-4-argon',                1048576, 65536, @text],
    ['gemini-3.8-flash',              1048576, 65536, @text],
    ['gemini-3.7-flash',              1048576, 65536, @text],
    ['gemini-3.6-flash',              1048576, 65536, @text],
    ['gemini-3.5-flash',              1048576, 65536, @text],
    ['gemini-3.5-flash-lite',         1048576, 65536, @text],
    ['gemini-3.1-flash-lite',         1048576, 65536, @text],
    ['gemini-3.1-pro-preview',        1048576, 65536, @text],
    ['gemini-3-flash-preview',        1048576, 65536, @text],
    ['gemini-2.5-pro',                1048576, 65536, @text],
    ['gemini-2.5-flash',              1048576, 65536, @text],
    ['gemini-2.5-flash-lite',         1048576, 65536, @text],
    ['gemini-flash-latest',           1048576, 65536, @text],
    ['gemini-3-pro-image',            131072, 32768, @text],
    ['gemini-3.1-flash-image',        65536, 65536, @text],
    ['gemini-2.5-flash-image',        32768, 32768, @text],
    ['gemini-3.8-live',               131072, 65536, 'bidiGenerateContent'],
    ['gemini-3.8-flash-tts',          8192, 16384, 'generateContent',
                                      'countTokens'],
    ['gemini-embedding-001',          2048, 1, @embed],
    ['gemini-embedding-2',            8192, 1, @embed],
    ['veo-3.1-generate-preview',      480, 8192, 'predictLongRunning'],
    ['gemma-4-31b-it',                262144, 32768, 'generateContent',
                                      'countTokens'],
    ['aqa',                           7168, 1024, 'generateAnswer'],
);


sub default_models () {
    return [map { model_of($_) } @table];
}


sub model_of ($row) {
    my ($name, $input, $output, @methods) = @$row;

    return {
        name    => $name,
        input   => $input,
        output  => $output,
        methods => \@methods,
    };
}


sub native_model ($model) {
    my $name = $model->{name};

    return o(
        name             => "models/$name",
        version          => $model->{version} // '001',
        displayName      => join(' ', map { ucfirst } split /-/, $name),
        description      => "The fake of $name",
        inputTokenLimit  => $model->{input} + 0,
        outputTokenLimit => $model->{output} + 0,
        supportedGenerationMethods => $model->{methods},
        temperature      => 1,
        topP             => 0.95,
        topK             => 64,
        maxTemperature   => 2,
    );
}


sub openai_model ($model) {
    my $name = $model->{name};

    return o(
        id           => "models/$name",
        object       => 'model',
        owned_by     => 'google',
        display_name => join(' ', map { ucfirst } split /-/, $name),
    );
}


1;
