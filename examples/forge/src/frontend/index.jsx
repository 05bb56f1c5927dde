import React, { useEffect, useState } from 'react';
import ForgeReconciler, {
  Box, Button, ErrorMessage, Form, FormFooter, Heading, Inline, Label, Link, List, ListItem, Spinner, Stack, Text, TextArea, useForm,
} from '@forge/react';
import { view } from '@forge/bridge';
import { ask } from './ask';

const words = {
  es: { question: 'Pregunta', ask: 'Preguntar', asking: 'Buscando en las páginas…', sources: 'Fuentes' },
  en: { question: 'Question', ask: 'Ask', asking: 'Looking through the pages…', sources: 'Sources' },
};
const maximumTurns = 10;

const Answer = ({ turn, say }) => (
  <Stack space="space.100">
    <Heading as="h4">{turn.question}</Heading>
    <Text>{turn.answer.answer}</Text>
    {turn.answer.notice && <Text><em>{turn.answer.notice}</em></Text>}
    {turn.answer.citations.length > 0 && (
      <Box>
        <Text><strong>{say.sources}</strong></Text>
        <List type="ordered">
          {turn.answer.citations.map((citation) => (
            <ListItem key={citation.chunk}>
              <Link href={citation.anchor ? `${citation.url}#${citation.anchor}` : citation.url} openNewTab>{citation.title}</Link>
              {': “'}{citation.quote}{'”'}
            </ListItem>
          ))}
        </List>
      </Box>
    )}
  </Stack>
);

const App = () => {
  const [locale, setLocale] = useState('en');
  const [turns, setTurns] = useState([]);
  const [trouble, setTrouble] = useState('');
  const [isAsking, setIsAsking] = useState(false);
  const { handleSubmit, register, getFieldId } = useForm();
  const say = words[locale.startsWith('es') ? 'es' : 'en'];
  useEffect(() => { view.getContext().then((context) => setLocale(context.locale ?? 'en')); }, []);

  const submit = async ({ question }) => {
    if (!question?.trim() || isAsking) return;
    setIsAsking(true);
    setTrouble('');
    const history = turns.slice(-maximumTurns).flatMap((turn) => [
      { role: 'user', content: turn.question.slice(0, 2000) }, { role: 'assistant', content: turn.answer.answer.slice(0, 2000) }]);
    try {
      const answer = await ask(question.trim(), history, locale);
      setTurns((before) => [...before, { question: question.trim(), answer }]);
    } catch (error) {
      setTrouble(error.message);
    } finally {
      setIsAsking(false);
    }
  };

  return (
    <Stack space="space.200">
      {turns.map((turn, index) => <Answer key={index} turn={turn} say={say} />)}
      {trouble && <ErrorMessage>{trouble}</ErrorMessage>}
      <Form onSubmit={handleSubmit(submit)}>
        <Label labelFor={getFieldId('question')}>{say.question}</Label>
        <TextArea {...register('question', { required: true, maxLength: 4000 })} />
        <FormFooter>
          <Inline space="space.100" alignBlock="center">
            {isAsking && <Spinner size="small" label={say.asking} />}
            <Button type="submit" appearance="primary" isDisabled={isAsking}>{say.ask}</Button>
          </Inline>
        </FormFooter>
      </Form>
    </Stack>
  );
};

ForgeReconciler.render(<React.StrictMode><App /></React.StrictMode>);
